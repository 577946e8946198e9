"""The vector index: graph (HNSW) and flat, searched, changed, measured and verified."""
