"""The index of declared payload fields: terms, postings, and how they follow changes."""
