"""Tables of sqlite-vec in SQLite databases.

`definition`  the columns of a vec0 table, from the statement that created it
`chunks`      its records, chunk by chunk
`export`      what vdb export adds: the schema, and whole payloads
`source`      the source, its format, and sqlite-vec itself
"""
