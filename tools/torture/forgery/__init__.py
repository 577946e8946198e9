"""Files that claim what is not there, under checksums that are right; and who believes them."""
