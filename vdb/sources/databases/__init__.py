"""Files, directories and servers of databases.

`chroma`      directories of Chroma
`duckdb`      tables of DuckDB's files
`elasticsearch`  dumps of Elasticsearch and OpenSearch, and their mapping
`lance`       tables of Lance and LanceDB
`milvus_lite`  directories of Milvus Lite
`pgvector`    dumps, files and servers of PostgreSQL with pgvector
`qdrant`      directories of Qdrant's client
`redis_vset`  vector sets of a server of Redis
`sqlite_blobs`  tables of SQLite with vectors in a column of BLOBs
`sqlite_vec`  tables of sqlite-vec
`weaviate`    exports of Weaviate to Parquet
`zvec`        collections of zvec
"""
