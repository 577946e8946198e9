"""One collection over several databases, on one machine or many: shards, and a map that finds them.

``import vdb`` does not import this package. What is true lies in numbered objects in a store and in
the shards' own files, never in the memory of a process; docs/internals/cluster-format.md describes
both.
"""

from __future__ import annotations
