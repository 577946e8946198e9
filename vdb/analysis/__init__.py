"""Questions about a collection, answered with figures: one folder a question.

===============  ==================================================================
`comparison`     how rankings differ under other metrics, and which retrieves best
`calibration`    a threshold under another metric or convention
`explanation`    why a record has its score and its place
`inspection`     a collection, or one record, from the inside
`measurement`    recall, queries a second, and the ef that reaches a recall
`common`         queries, labels, intervals, lengths and values of vectors
`pages`          the answers as HTML files
===============  ==================================================================

In each folder `report` holds the frozen dataclass of the answer. Every analysis reads a snapshot,
or the batch of the calling thread, and writes nothing.
"""
