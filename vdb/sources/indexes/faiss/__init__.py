"""Indexes of faiss, as `write_index` and `write_index_binary` write them.

`cursor`     the file, read field by field
`codecs`     scalar and product quantizers: codes as vectors
`stored`     vectors as they lie in a file: a matrix, codes, inverted lists
`list_places` where inverted lists begin
`layout`     which parts an index has, from its four letters on
`source`     the source, its format, and faiss itself
"""
