"""Bytes on disk and the values they stand for; no files, no LMDB.

===================  ==================================================================
``versions``         the format version, the identity record that carries it
``keys``             every key: one constructor a kind, one decoder for all
``checksums``        the seal around small values (CRC-32C over place and content)
``optional_fields``  what later versions added to these records
``packing``          the dialect of msgpack that records are written in, read strictly
``headers``          the records of a database, a collection and a generation
``journal``          which blocks a commit rewrote
``blocks``           the 48-byte block header and the arithmetic of rows
``payloads``         which Python values a payload may hold
``records``          id and payload of one record, cut into parts when long
``terms``            values of declared fields as bytes in order
``leaves``           postings: which slots have which terms, cut into small values
===================  ==================================================================

docs/internals/format.md describes the same bytes for readers; a test holds the two together
(tests/store/format/test_documented.py). Every decoder meets foreign bytes with
`vdb.errors.CorruptedError` and nothing else.
"""
