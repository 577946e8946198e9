"""Files of libraries that search.

`annoy`    indexes of Annoy
`hannoy`   indexes of hannoy
`hnswlib`  indexes of hnswlib, its graph and its brute force
`ngt`      indexes of NGT
`svs`      indexes of SVS
`usearch`  indexes of USearch
`voyager`  indexes of Voyager
`vsag`     indexes of VSAG
"""
