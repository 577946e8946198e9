"""`vdb.compare_metrics`: rankings under several metrics, and their retrieval quality."""
