"""Results as tables for other libraries, and as what these make of neighbours.

`layout`        which columns there are, their names and types
`columns`       their values, as Arrow lays them out
`arrow_table`   what hits and scans have in common as tables: Arrow's stream, and what is made of it
`json_records`  records and hits as what JSON can hold
`runs`          hits as a run, for the evaluation of a search
`knn_graph`     hits as a graph of neighbours, a sparse matrix
"""
