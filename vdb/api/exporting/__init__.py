"""`Collection.export`: a collection becomes files of another system.

`call`       the arguments, and the export
`moment`     the content of a collection at one moment
`report`     what came of it
"""
