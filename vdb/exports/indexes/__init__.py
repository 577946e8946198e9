"""Writers of files of libraries that search: one file a format."""
