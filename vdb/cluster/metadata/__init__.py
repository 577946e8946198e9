"""The truth of a cluster: numbered objects in a store, put only where none of that name is.

``slots`` sends an id to one of 4,096 slots; ``cluster_map`` says which shard has which slots, and
``map_objects`` reads and changes it; ``commit_log`` has the commits of each shard. ``object_names``
has the names of all objects, ``opening`` the store of a URL. docs/internals/cluster-format.md
describes the bytes.
"""
