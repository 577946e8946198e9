"""Arguments and options of the command line, parsed and checked.

===============  ==================================================================
`command`        commands whose help describes their arguments
`options`        the shared arguments and options, as decorators
`numbers`        whole numbers, numbers and sizes
`ids`            the id of `--id`
`where`          the filter of `--where`
`schema`         the options that describe a collection, and their comparison with one
`completion`     completion of databases and collections in a shell
===============  ==================================================================
"""
