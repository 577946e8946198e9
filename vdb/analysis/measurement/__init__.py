"""`Collection.recall`, `bench` and `tune`: how much searches find, and how fast."""
