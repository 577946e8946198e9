"""Rules that give collections other names: renaming, and aliases."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.history import History


class Naming(History):
    """Each rule leaves the names as they were, since the others go by them."""

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def rename(self, data):
        name = data.draw(st.sampled_from(sorted(self.shelves)), label="collection")
        shelf, docs = self.shelves[name], self.db.collection(name)
        if docs.info().rebuilding is not None:
            with pytest.raises(vdb.InvalidArgumentError, match="rebuild"):
                self.db.rename_collection(name, "renamed")
            return
        self.db.rename_collection(name, "renamed")
        assert name not in self.db
        assert self.db.collections() == sorted({*self.shelves, "renamed"} - {name})
        shelf.compare(self.db.collection("renamed"))
        shelf.compare(docs)
        assert docs.name == "renamed"
        with self.db.snapshot() as moment:
            self.compare_names(moment, name if self.batch else "renamed")
        for taken in set(self.shelves) - {name}:
            with pytest.raises(vdb.CollectionExistsError):
                self.db.rename_collection("renamed", taken)
        self.db.rename_collection("renamed", name)
        shelf.compare(docs)

    def compare_names(self, moment, name):
        """A snapshot shows what is committed: inside a batch, nothing of this rule."""
        committed = set(self.committed)
        if name == "renamed":
            assert "renamed" in moment
        else:
            assert "renamed" not in moment
            assert moment.collections() == sorted(committed)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def give_an_alias(self, data):
        names = sorted(self.shelves)
        first = data.draw(st.sampled_from(names), label="first")
        second = data.draw(st.sampled_from(names), label="second")
        self.db.set_alias("current", first)
        self.shelves[first].compare(self.db.collection("current"))
        self.db.set_alias("current", second)
        assert self.db.aliases() == {"current": second}
        self.shelves[second].compare(self.db.collection("current"))
        assert self.db.collections() == names
        with pytest.raises(vdb.InvalidArgumentError, match="alias"):
            self.db.drop_collection(second)
        with self.db.snapshot() as moment:
            assert moment.aliases() == ({} if self.batch else {"current": second})
        self.db.drop_alias("current")
        assert self.db.aliases() == {}
        with pytest.raises(vdb.NotFoundError):
            self.db.drop_alias("current")
