"""What users hold: databases, collections, snapshots and batches."""
