"""The identity record: what lets every release tell whether it may read on."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError, FormatVersionError
from vdb.model.version import __version__
from vdb.store.format import versions
from vdb.store.format.versions import INITIAL, Identity


def test_the_bytes_of_the_first_format_are_fixed():
    assert Identity(1, "0.1.0").encode() == b"vdbstore\x01\x00\x00\x000.1.0"


def test_an_identity_comes_back():
    assert Identity.decode(Identity(7, "2.0.1").encode()) == (7, "2.0.1")


def test_the_bytes_of_the_second_format_are_fixed():
    assert Identity.of(2).encode() == b"vdbstore\x02\x00\x00\x000.2.0"


def test_the_versions_that_are_written_are_read():
    for version in range(versions.FIRST_VERSION, versions.FORMAT_VERSION + 1):
        Identity.of(version).check()
    assert versions.OLDEST_READABLE <= INITIAL.version == versions.FIRST_VERSION == 1


def test_every_version_has_a_release_that_reads_it():
    assert sorted(versions.RELEASES) == list(range(1, versions.FORMAT_VERSION + 1))
    assert versions.RELEASES[versions.FORMAT_VERSION] <= __version__


def test_a_newer_version_is_refused_naming_the_release_that_is_needed():
    newer = Identity(versions.FORMAT_VERSION + 1, "9.8.7")
    with pytest.raises(FormatVersionError, match=r"'9\.8\.7' or later") as caught:
        newer.check()
    assert caught.value.received == versions.FORMAT_VERSION + 1


def test_an_unknown_version_zero_is_refused():
    with pytest.raises(FormatVersionError):
        Identity(0, "0.0.1").check()


@given(st.none() | st.binary(max_size=100))
def test_other_bytes_are_no_identity(value):
    with pytest.raises(CorruptedError, match="identity"):
        Identity.decode(value)


@given(st.binary(max_size=80))
def test_whatever_follows_the_magic_is_decoded_or_called_damaged(rest):
    with contextlib.suppress(CorruptedError):
        Identity.decode(versions.MAGIC + rest)
