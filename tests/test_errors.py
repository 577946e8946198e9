"""The tree of errors: what each is caught as, what it carries, how it reads."""

from __future__ import annotations

import copy
import pickle

import pytest

import vdb
from vdb import errors

BUILTINS = {
    "AnalyzerMismatchError": ValueError,
    "ArgumentTypeError": TypeError,
    "BusyError": TimeoutError,
    "ClosedError": ValueError,
    "CollectionExistsError": ValueError,
    "CommitUnknownError": OSError,
    "CorruptedError": RuntimeError,
    "DimensionMismatchError": ValueError,
    "DiskError": OSError,
    "DiskFullError": OSError,
    "DuplicateIdError": ValueError,
    "EngineError": RuntimeError,
    "ForkError": RuntimeError,
    "FormatVersionError": RuntimeError,
    "InvalidArgumentError": ValueError,
    "InvalidFilterError": ValueError,
    "InvalidPayloadError": ValueError,
    "InvalidVectorError": ValueError,
    "MapConflictError": RuntimeError,
    "MetricMismatchError": ValueError,
    "MissingVectorsError": RuntimeError,
    "ModelMismatchError": ValueError,
    "NotFoundError": KeyError,
    "NotInvertibleError": ValueError,
    "PartialWriteError": RuntimeError,
    "ReadOnlyError": PermissionError,
    "ShardUnavailableError": TimeoutError,
    "SnapshotWriteError": AttributeError,
    "SourceError": ValueError,
    "RebuildError": RuntimeError,
    "RemoteError": OSError,
    "StaleError": OSError,
    "StaleMapError": RuntimeError,
    "UnsafeFilesystemError": OSError,
    "VdbError": Exception,
}


def test_every_error_is_in_the_table():
    assert sorted(BUILTINS) == errors.__all__


@pytest.mark.parametrize("name", errors.__all__)
def test_each_is_a_vdb_error_and_the_builtin_one_would_catch(name):
    kind = getattr(vdb, name)
    assert issubclass(kind, vdb.VdbError)
    assert issubclass(kind, BUILTINS[name])
    assert kind.__module__ == "vdb"


@pytest.mark.parametrize("name", errors.__all__)
def test_the_message_is_readable_and_both_sides_are_kept(name):
    error = getattr(vdb, name)("docs: 3, not 4", expected=3, received=4)
    assert str(error) == "docs: 3, not 4"
    assert (error.expected, error.received) == (3, 4)


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_survive_pickling_and_copying(name):
    error = getattr(vdb, name)("text", expected=(1, 2), received="x")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == "text"
        assert (again.expected, again.received) == ((1, 2), "x")


@pytest.mark.parametrize("name", errors.__all__)
def test_the_tree_is_drawn_in_the_documentation_of_the_module(name):
    assert name in errors.__doc__
    assert getattr(vdb, name).__doc__


def test_not_found_reads_as_a_sentence_although_it_is_a_key_error():
    with pytest.raises(KeyError, match="no collection 'x'") as caught:
        raise vdb.NotFoundError("no collection 'x'")
    assert str(caught.value) == "no collection 'x'"


def test_damage_names_its_place():
    error = vdb.CorruptedError("checksum differs", where="block 7")
    assert str(error) == "block 7: checksum differs"
    assert str(pickle.loads(pickle.dumps(error))) == "block 7: checksum differs"


def test_os_errors_carry_the_number_of_the_system():
    import errno

    assert vdb.DiskFullError("full").errno == errno.ENOSPC
    assert vdb.BusyError("busy").errno == errno.ETIMEDOUT
    assert vdb.ReadOnlyError("read only").errno == errno.EROFS
