"""Directories of Chroma's PersistentClient: a SQLite database, and an HNSW index a collection.

`collection_row`  a collection as the catalogue has it: its metric, its segments
`metadata`        payloads: metadata, documents and URIs
`queue`           operations that the index has not taken in yet
`vector_segment`  the HNSW index
`source`          the source, its format, and Chroma itself
"""
