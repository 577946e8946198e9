"""Changes of a sharded collection that take several steps: another metric, other shards.

A change is written into the map before it begins, so whoever opens the cluster sees it, and what is
needed to complete or to undo it. Each step can be done twice without harm. The moment of a change
is one map: before it every search is answered as before, after it every search is answered anew.

===============  ==================================================================
`rebuild`        another metric, index or dtype on all shards, and back
`resharding`     other shards: split, merged, spread anew, moved to another disk
`interrupted`    completes or undoes a change whose caller is gone
`copying`        the records of a shard in others, while it is written to
`assignment`     which new shards take which slots
`freezing`       writers stopped on all shards, for a moment
`change_record`  the record of a change in the map
`shard_calls`    the same question to several shards
===============  ==================================================================
"""
