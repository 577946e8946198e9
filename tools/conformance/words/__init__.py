"""Scores of words beside those of the engines themselves, over random corpora."""
