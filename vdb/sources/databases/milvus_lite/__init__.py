"""Milvus Lite: directories of 3, and files of 2.

`directory`   the files of a collection: its schema, its Parquet files and its log
`source`      the source of a directory, its format, and Milvus Lite itself
`old_rows`    what Milvus Lite 2 writes into its SQLite database, as messages
`old_source`  the source of such a file, its format, and Milvus Lite 2 itself
"""
