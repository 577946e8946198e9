"""The command line. An error becomes one line and an exit status in `app`.

=============  ====================================================================
`commands`     one file a command
`importing`    what `vdb import` needs beside the file
`formats`      files that are read and written: one file a format, and the registry
`arguments`    arguments and options as they are typed
`render`       tables, JSON and pages; only `render.output` prints, but for `entry`
=============  ====================================================================
"""
