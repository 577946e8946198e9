"""Output of the command line. Only `output` prints.

===============  ==================================================================
`output`         tables, JSON, progress bars and errors, on the standard streams
`plain`          dataclasses as values of JSON
`wording`        messages of the library with options instead of arguments
`pages`          the files of HTML pages
===============  ==================================================================
"""
