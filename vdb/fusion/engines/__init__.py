"""The fusions, a file an engine: `FUSIONS` holds its rows, functions compute them."""
