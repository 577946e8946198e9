"""What several readers need.

`byte_file`     a file whose lengths and offsets are checked against its size
`number_types`  types of numbers, by the names that files give them
`plain_pickle`  pickles of plain values, without running anything
`sqlite_file`   SQLite databases, read without changing them
`arrow_rows`    record batches of pyarrow's as parts of a source
"""
