"""Tables of PostgreSQL with pgvector: plain dumps of pg_dump, and what COPY writes.

`columns`  the columns of a table and their types; a value of a type, from text
`rows`     the rows that COPY wrote, as text or CSV, and in binary
`dump`     a plain dump: its tables, their indexes, and where their rows begin
`source`   the source and its format
"""
