"""`Database.import_source`: records of another system become those of a collection.

`target`        the schema that the source and the arguments give together, and the database
`screening`     which rows cannot become records, and why
`run`           part by part, each in one commit
`verification`  the same queries asked of the source and of the collection
`neighbor_recall`  the neighbours that a source has stored for queries of its own
`report`        what came of it
"""
