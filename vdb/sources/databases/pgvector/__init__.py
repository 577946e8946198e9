"""Tables of PostgreSQL with pgvector: dumps of pg_dump, what COPY writes, and live servers.

`columns`         the columns of a table and their types; a value of a type, from text
`array_text`      arrays from text
`vector_indexes`  indexes over vectors, whose operators say the metric
`copy_text`       the rows that COPY wrote as text or CSV
`copy_binary`     the same in binary, and values of its form
`dump`            a plain dump: its tables, their indexes, and where their rows begin
`records`         rows as records, from wherever they come
`export`          what vdb export adds to a table
`source`          files, and their format
`connection`      a connection to a server: one transaction that only reads
`catalogue`       what a server says of its tables
`server`          a table of a server, and its format
"""
