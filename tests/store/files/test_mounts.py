"""Which file systems are refused, told from the kernel's list of mounts."""

from pathlib import Path, PurePath

import pytest

from vdb.errors import UnsafeFilesystemError
from vdb.store import Environment
from vdb.store.files import mounts
from vdb.store.files.mounts import Mount, mount_of, parse_mountinfo

MOUNTINFO = rb"""21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:26 / /home rw,nosuid shared:5 master:2 - nfs4 server:/export rw,vers=4.2
31 30 0:27 / /home/me/disk rw - xfs /dev/vdb rw
32 21 0:28 / /mnt/my\040share rw - fuse.sshfs me@there:/ rw
33 21 0:29 / /mnt/usb rw - fuseblk /dev/sdc1 rw
34 21 0:30 / /srv rw - ext4 /dev/vdd rw
35 34 0:31 / /srv rw - cifs //server/srv rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "ext4"),
        ("/homes/me", "ext4"),
        ("/home", "nfs4"),
        ("/home/me/db", "nfs4"),
        ("/home/me/disk/db", "xfs"),
        ("/mnt/my share/db", "fuse.sshfs"),
        ("/mnt/usb", "fuseblk"),
        ("/srv/db", "cifs"),
    ],
)
def test_the_deepest_and_latest_mount_counts(path, expected):
    assert mount_of(PurePath(path), parse_mountinfo(MOUNTINFO)).type == expected


@pytest.mark.parametrize(
    "name",
    [
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "9p", "ceph", "lustre", "fuse.sshfs", "fuse"),
        # what containers and virtual machines of today share their hosts' directories by
        *("virtiofs", "fakeowner", "drvfs", "wslfs", "v9fs", "vmhgfs", "fuse.vmhgfs-fuse"),
        *("fuse.osxfs", "prl_fs", "vboxsf", "hostfs"),
        *("dvs", "wekafs", "autofs", "beegfs_nodev"),
    ],
)
def test_networks_and_user_space_are_unsafe(name):
    assert mounts.is_unsafe(name)


@pytest.mark.parametrize(
    "name", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuseblk", "f2fs"]
)
def test_local_disks_are_safe(name):
    assert not mounts.is_unsafe(name)


def test_a_path_under_no_known_mount_has_none():
    assert mount_of(PurePath("/a"), [Mount(PurePath("/b"), "ext4")]) is None


@pytest.fixture
def on_nfs(tmp_path, monkeypatch):
    info = tmp_path / "mountinfo"
    info.write_bytes(b"21 1 254:0 / / rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", info)


@pytest.mark.usefixtures("on_nfs")
def test_a_database_is_not_made_on_a_network_and_nothing_is_left(path):
    with pytest.raises(UnsafeFilesystemError, match="nfs4") as caught:
        Environment.open(path)
    assert caught.value.received == "nfs4"
    assert not path.exists()


def test_a_database_is_not_opened_on_a_network_unless_allowed(path, request):
    Environment.open(path).close()
    request.getfixturevalue("on_nfs")
    with pytest.raises(UnsafeFilesystemError, match="allow_network_fs"):
        Environment.open(path)
    with pytest.raises(UnsafeFilesystemError):
        Environment.open(path, read_only=True)
    Environment.open(path, allow_network_fs=True).close()


def test_where_mounts_are_not_listed_nothing_is_refused(path, monkeypatch):
    monkeypatch.setattr(mounts, "MOUNTINFO", Path("/no/such/file"))
    Environment.open(path).close()
