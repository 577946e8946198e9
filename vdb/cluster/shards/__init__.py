"""A shard: a database that holds one collection's records of a set of slots that never changes.

``shard`` has what an engine calls. Its own state lies in the same file, in the collection
``_cluster`` (``state``), so that it changes in the same commits as the records.
"""
