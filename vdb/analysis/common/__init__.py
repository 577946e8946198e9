"""What several analyses need: queries, labels, intervals, lengths and values of vectors."""
