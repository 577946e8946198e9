"""Processes that write, rebuild and read one database at once."""
