"""Files that claim what is not there, under right checksums; and calls on such databases."""
