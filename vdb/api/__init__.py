"""The public objects: databases, collections, snapshots and batches."""
