"""What several writers need.

`requirements`      what a format cannot hold is refused here: metric, dtype, dimension, ids
`graph_options`     the parameters of a graph that is built in an export
`collection_schema` the schema of the collection, for the way back
`records_beside`    lines of JSON with ids and payloads
`beside_an_index`   schema and lines beside the file of an index
`record_tables`     records as tables of Arrow
`query_file`        queries of a benchmark
`copy_text`         values as COPY of PostgreSQL reads them
`utc_text`          moments in one form
"""
