"""Loading many files into a sharded collection: in parallel, resumable, verified.

- `call`: the load, from its arguments to the report.
- `planning`: what is loaded, as pieces: row groups, fragments, files.
- `ledger`: which pieces are done, as objects in the cluster's store.
- `worker`: one piece: read, written with tokens, read again.
- `reading`, `columns`, `places`: rows of a piece, which columns are meant, where files are.
- `verification`: whether shards hold what the files say.
- `piece`, `report`: what the others speak of.
"""
