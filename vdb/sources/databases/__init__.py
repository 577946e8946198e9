"""Files and directories of databases.

`chroma`      directories of Chroma
`qdrant`      directories of Qdrant's client
`sqlite_vec`  tables of sqlite-vec
"""
