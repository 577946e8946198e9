"""`Collection.explain`: why a record has its score and its place."""
