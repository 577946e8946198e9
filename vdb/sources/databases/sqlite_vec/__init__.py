"""Tables of sqlite-vec in SQLite databases.

`definition`  the columns of a vec0 table, from the statement that created it
`chunks`      its records, chunk by chunk
`source`      the source, its format, and sqlite-vec itself
"""
