"""Files and directories of databases."""
