"""Adapters of frameworks: one module a host, which imports that host, and what they share.

Importing this package imports no host, and `import vdb` imports none of this. An adapter is
imported from its module, ``from vdb.integrations.langchain import VdbVectorStore``, after
``pip install "vdb[langchain]"``. Adapters stand on what ``vdb.__all__`` lists.
"""

from __future__ import annotations

__all__: list[str] = []
