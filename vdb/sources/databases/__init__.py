"""Files and directories of databases.

`chroma`      directories of Chroma
`duckdb`      tables of DuckDB's files
`qdrant`      directories of Qdrant's client
`sqlite_vec`  tables of sqlite-vec
"""
