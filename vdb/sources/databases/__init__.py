"""Files and directories of databases.

`chroma`      directories of Chroma
`sqlite_vec`  tables of sqlite-vec
"""
