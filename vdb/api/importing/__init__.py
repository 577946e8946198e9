"""`Database.import_source`: records of another system become those of a collection.

`target`        the schema that the source and the arguments give together, and the database
`screening`     which rows cannot become records, and why
`run`           part by part, each in one commit
`verification`  the same queries asked of the source and of the collection
`report`        what came of it
"""
