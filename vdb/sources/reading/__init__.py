"""What several readers need.

`arrow_rows`     rows of Arrow's tables as records: its columns are chosen and read here
`arrow_vectors`  vectors of lists, with what is null or of another length
`arrow_payloads` payloads of columns, and the fields that they can be declared as
`arrow_source`   a source that is a table of Arrow, with the options of such tables
`byte_stream`    a file from its beginning to its end, unpacked where it is gzip
`byte_file`      a file whose lengths and offsets are checked against its size
`hnswlib_records`  records of graphs, as hnswlib and Voyager lay them out
`lmdb_file`      files of LMDB, read page by page without it
`matrix_source`  a source that is one matrix in such a file
`exported_schema`  the schema of a collection in files of vdb export
`npy_array`      arrays of numpy: their head, their rows in order
`npz_file`       arrays in a .npz file, compressed ones too
`record_lines`   JSON lines, one by one
`service_records`  objects as Pinecone and Weaviate give them, as plain records
`server_address`  addresses of servers, shown without passwords
`named_part`     one of several parts of a source, by its name
`number_types`   types of numbers, by the names that files give them
`parquet_file`   Parquet files, of which one part is in memory
`parquet_names`  the columns of a Parquet file, without a library
`plain_pickle`   pickles of plain values, without running anything
`protobuf`       messages of Protocol Buffers, field by field
`plain_json`     strict JSON
`dump_head`      how a dump of Elasticsearch or OpenSearch begins
`sqlite_file`    SQLite databases, read without changing them
`libraries`      libraries that read or made a source, imported when they are needed
"""
