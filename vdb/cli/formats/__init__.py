"""Files that commands read and write: one file a format, and the registry that tells them apart."""
