"""Files and directories of databases.

`chroma`      directories of Chroma
`duckdb`      tables of DuckDB's files
`elasticsearch`  dumps of Elasticsearch and OpenSearch, and their mapping
`lance`       tables of Lance and LanceDB
`milvus_lite`  directories of Milvus Lite
`qdrant`      directories of Qdrant's client
`sqlite_blobs`  tables of SQLite with vectors in a column of BLOBs
`sqlite_vec`  tables of sqlite-vec
`zvec`        collections of zvec
"""
