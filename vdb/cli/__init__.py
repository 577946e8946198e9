"""The command line: one file a command; only `output` prints."""
