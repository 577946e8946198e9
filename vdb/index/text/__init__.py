"""Text fields: which records have which words, how often and where.

A field is declared with an analyzer (`text_fields`), which makes words of texts (`analysis`). Every
writer follows its changes in the same commit (`text_writer`): new documents become a segment, which
later ones are merged with (`merging`), and documents that are gone are marked as deleted
(`deleted_documents`). Readers open the segments of their moment (`segments`, `text_index`).
"""
