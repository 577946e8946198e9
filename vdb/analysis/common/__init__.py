"""Shared parts of the analyses: queries, labels, intervals, moments and lengths of vectors."""
