"""Values and their rules, without any input or output: metrics, dtypes, records, hits, filters."""
