"""Directories of Milvus Lite 3.

`directory`  the files of a collection: its schema, its Parquet files and its log
`source`     the source, its format, and Milvus Lite itself
"""
