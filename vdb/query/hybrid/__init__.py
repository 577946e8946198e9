"""Searches by words and by vector in one ranking: both lists, and their fusion."""
