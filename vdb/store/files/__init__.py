"""The files of a database directory: LMDB, locks, mounts, and what is done with whole files."""
