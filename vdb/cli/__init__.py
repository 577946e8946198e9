"""The command line. `app` turns an error into one line and an exit status.

=============  ====================================================================
`commands`     one file a command
`importing`    parts of `vdb import` beside the file formats
`formats`      file formats for reading and writing: one file for each, and the registry
`arguments`    arguments and options, parsed and checked
`render`       tables, JSON, pages and progress bars; all that is printed is printed there
=============  ====================================================================
"""
