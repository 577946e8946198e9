"""Power cuts: the calls of a life, logged, and the files that they may leave behind."""
