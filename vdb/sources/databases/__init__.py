"""Files and directories of databases.

`chroma`      directories of Chroma
"""
