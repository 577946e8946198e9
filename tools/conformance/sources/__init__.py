"""Makes fresh files of every format of sources, reads them, and compares what comes back.

`recipes`   runs tests/files/sources/*/make.py with the libraries of an environment
`reading`   reads what they made, in a process of its own, and asks the library for neighbours
`result`    what came of one source, and of one format
`table`     all of it, for a terminal and as a page
"""
