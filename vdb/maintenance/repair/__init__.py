"""Repair: a new file from what can be read of a damaged one."""
