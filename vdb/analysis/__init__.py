"""Questions about a collection, answered with figures: comparisons, calibrations, recall, reasons.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, sees that one moment, writes nothing, and returns a frozen dataclass.
"""
