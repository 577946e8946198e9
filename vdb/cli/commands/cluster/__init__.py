"""`vdb cluster`: one collection over several databases, on several disks or machines.

===========  ==================================================================
`create`     a cluster, or a collection in one
`status`     a line a shard
`check`      whether all shards are sound
`demo`       three nodes on this machine, of which one is killed
===========  ==================================================================

`search`, `get` and `count` are the same as for databases.
"""
