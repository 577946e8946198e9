"""What the engine on Ray consists of; no module outside this folder names Ray.

- `library`: Ray itself, imported when the engine is; what is said where it is not installed.
- `session`: the connection of this process with a cluster of Ray.
- `placement`: on which node a shard runs: the label of its disk, looked up in the list of nodes.
- `actor`: what runs there, one process a shard.
- `replies`: results on their way, and Ray's errors as ours.
- `arrays`: results that do not pin Ray's object store.
"""
