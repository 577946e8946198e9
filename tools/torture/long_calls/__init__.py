"""Calls that last, and what happens to the process meanwhile."""
