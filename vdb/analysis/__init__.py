"""Analyses of a collection: one folder for each.

===============  ==================================================================
`comparison`     rankings under other metrics, and their retrieval quality
`calibration`    a threshold under another metric or convention
`explanation`    the score and the rank of one record for one query
`inspection`     statistics of a stored collection, or of one record
`measurement`    recall, queries a second, and the ef that reaches a recall
`common`         queries, labels, intervals and lengths of vectors
`pages`          the reports as HTML files
===============  ==================================================================

In each folder `report` holds the frozen dataclasses of the result. Every analysis reads snapshots,
or the batch of the calling thread, and writes nothing.
"""
