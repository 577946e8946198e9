"""Files of libraries that search.

`annoy`    indexes of Annoy
`hnswlib`  indexes of hnswlib, its graph and its brute force
`ngt`      indexes of NGT
`usearch`  indexes of USearch
`voyager`  indexes of Voyager
"""
