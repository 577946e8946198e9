"""The async face: the names of `vdb.api`, awaited. `import vdb` does not load it.

======================  ============================================================
`database`              `open_async` and `AsyncDatabase`
`collection`            `AsyncCollection`
`collection_reader`     `AsyncCollectionReader`
`snapshot`              `AsyncSnapshot`
`handles`               what is written by hand in these four classes
`walk`, `batch_block`   ``async for`` by pages; ``async with db.batch():``
`dispatcher`            which thread a call runs in, and what a cancelled call does
`writer_turn`           whose turn it is to write
`worker_call`           one call in a worker thread
======================  ============================================================

``tools/write_async_face.py`` writes the first four from the classes of the sync face.
"""
