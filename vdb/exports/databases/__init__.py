"""Writers of files that databases load: one file or folder a format."""
