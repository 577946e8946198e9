"""Backups outside a directory of their own: in an object store, where they share what is equal.

`backup` makes one, `download` reads one, `prune` removes old ones. `chunk`, `manifest` and `stream`
are the bytes, described in docs/internals/backup-format.md; `layout` has the names of the objects.
`location` turns what a user names into an `ObjectStore`, of which there are three:
`directory_store`, `obstore_store` and `fsspec_store`. The libraries of the last two are imported
when they are used.
"""
