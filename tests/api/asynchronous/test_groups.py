"""The async face of searches that choose among their hits."""

from __future__ import annotations

import asyncio

import numpy as np

import vdb


def test_groups_pages_and_examples_are_those_of_the_sync_face(path):
    rows = np.random.default_rng(1).normal(size=(200, 4)).astype(np.float32)

    async def answers():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=4, metric="l2", exist_ok=True)
            counts = await docs.add(
                range(200), rows, [{"g": i % 7} for i in range(200)], on_duplicate="skip"
            )
            assert counts == vdb.WriteCounts(added=200)
            groups = await docs.search(rows[3], 5, group_by="g", per_group=2)
            page = await docs.search(rows[3], 5)
            after = await docs.search(rows[3], 5, after=page)
            like = await docs.more_like([3, 4], 5, not_like=5)
            like_groups = await docs.more_like(3, 5, group_by="g", per_group=2)
            return groups, after, (like, like_groups), [one async for one in docs.ids(after=195)]

    groups, after, like, ids = asyncio.run(answers())
    with vdb.open(path) as db:
        docs = db["docs"]
        assert groups == docs.search(rows[3], 5, group_by="g", per_group=2)
        assert after == docs.search(rows[3], 10)[5:]
        assert like[0] == docs.more_like([3, 4], 5, not_like=5)
        assert like[1] == docs.more_like(3, 5, group_by="g", per_group=2)
        assert ids == [196, 197, 198, 199]
