"""Files of libraries that search.

`hnswlib`  indexes of hnswlib, its graph and its brute force
`usearch`  indexes of USearch
"""
