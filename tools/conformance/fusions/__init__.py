"""Fusions beside the libraries themselves: random lists, and every score and place compared."""
