"""The field: vdb beside other libraries and embedded databases, each in a process of its own."""
