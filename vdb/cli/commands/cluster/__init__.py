"""`vdb cluster`: one collection over several databases, on several disks or machines.

===========  ==================================================================
`create`     a cluster, or a collection in one
`status`     a line a shard
`load`       many files, in parallel, resumable
`reshard`    another number of shards
`move`       a shard to another disk
`backup`     all shards, into the store of the cluster
`restore`    a shard whose disk is lost, anew on another
`check`      whether all shards are sound
`demo`       three nodes on this machine, of which one is killed
===========  ==================================================================

`search`, `get`, `count` and `rebuild` are the same as for databases.
"""
