"""The index of declared payload fields: which records have which values.

A field is declared with a type (`declaration`), and every writer keeps its postings up to date
(`field_index`): for each term, the bytes of one value, the slots of the records that have it.
Postings lie in leaves (`postings`), and are cached while filters repeat (`postings_cache`). A
filter reads them by ranges of terms (`term_ranges`).
"""
