"""`Collection.recall`, `bench` and `tune`: recall and speed of searches."""
