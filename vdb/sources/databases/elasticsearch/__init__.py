"""Dumps of Elasticsearch and OpenSearch as JSON lines, and the mapping of their index.

`mapping`    the fields of an index, of its vectors the metric and the parameters of the graph
`documents`  the documents of a dump as they stand at its end
`export`     what vdb export adds: the schema, and whole payloads
`source`     the source and its format
"""
