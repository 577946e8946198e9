"""Writers of arrays, tables and texts: one file a format."""
