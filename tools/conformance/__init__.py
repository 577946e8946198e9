"""Feeds the same vectors to vdb and to live engines, and compares what comes back."""
