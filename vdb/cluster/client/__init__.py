"""What users hold: a cluster and its sharded collections. Nothing here is true: the map is.

Start with `cluster` and `collection`. A call's arguments are checked by a twin (`twin`), an empty
embedded collection of the same schema; then its shards are asked (`routing`), with the newest map
that is known (`map_cache`), and their answers are put together (`reading`, `searching`).
"""
