"""Queries from files: their vectors, and what is relevant to them."""
