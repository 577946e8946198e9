"""Benchmarks of vdb side by side with its peers; started by `tools/bench`."""
