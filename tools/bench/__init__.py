"""Benchmarks of vdb, side by side with its peers: `python -m tools.bench`."""
