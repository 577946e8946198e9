"""Output of the command line. Only `output` and `progress_bar` print.

===============  ==================================================================
`output`         tables, JSON and errors, on the standard streams
`progress_bar`   progress bars, on standard error
`table_layout`   the lines of a table, as wide as the terminal
`text`           text without control characters, measured in cells of a terminal
`plain`          dataclasses as values of JSON
`wording`        messages of the library with options instead of arguments
`pages`          the files of HTML pages
===============  ==================================================================
"""
