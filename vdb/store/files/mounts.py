"""What kind of file system a directory lies on, and whether LMDB may live there.

LMDB needs a memory map that all processes share and locks that work between them; network and
user-space file systems promise neither. Linux lists its mounts in /proc/self/mountinfo. Other
systems have no such list to read, so there nothing is refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import NamedTuple

from vdb.errors import UnsafeFilesystemError

__all__ = ["Mount", "is_read_only", "mount_of", "parse_mountinfo", "refuse_unsafe"]

MOUNTINFO = Path("/proc/self/mountinfo")

UNSAFE = frozenset(
    {
        # Networks. An autofs mount is a promise of another one, mostly of these.
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afp", "afs", "auristorfs"),
        *("autofs", "coda", "davfs", "ncp", "ncpfs"),
        # Directories of a host: QEMU, Docker Desktop, Lima, Podman, Colima, Kata; WSL; VirtualBox,
        # VMware, Parallels; user-mode Linux; gVisor. And user space.
        *("9p", "v9fs", "virtiofs", "fakeowner", "grpcfuse", "osxfs", "drvfs", "wslfs", "lxfs"),
        *("vboxsf", "vmhgfs", "hgfs", "prl_fs", "prl_fsd", "hostfs", "gofer", "fuse", "fuse3"),
        # Clusters.
        *("acfs", "beegfs", "beegfs_nodev", "ceph", "cvfs", "cxfs", "dvs", "fhgfs", "gfs", "gfs2"),
        *("glusterfs", "gpfs", "lustre", "mmfs", "ocfs2", "orangefs", "panfs", "pvfs2", "scoutfs"),
        *("snfs", "wekafs"),
    }
)
"""Types of file systems that do not keep LMDB's promises, and everything "fuse.*"."""

_OCTAL = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """One mounted file system: where, and of what type ("ext4", "nfs4", "fuse.sshfs", ...)."""

    point: PurePath
    type: str


def parse_mountinfo(text: bytes) -> list[Mount]:
    """The mounts of a mountinfo file, in its order; lines of another form are skipped."""
    mounts = []
    for line in text.splitlines():
        left, separator, right = line.partition(b" - ")
        fields = left.split(b" ")
        if separator and len(fields) >= 6 and right:
            point = _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), fields[4])
            mounts.append(Mount(PurePath(os.fsdecode(point)), os.fsdecode(right.split(b" ")[0])))
    return mounts


def mount_of(path: PurePath, mounts: list[Mount]) -> Mount | None:
    """The mount that an absolute path without links lies on: the deepest, the latest of equals."""
    deepest = None
    for mount in mounts:
        under = path.is_relative_to(mount.point)
        if under and (deepest is None or len(mount.point.parts) >= len(deepest.point.parts)):
            deepest = mount
    return deepest


def refuse_unsafe(path: Path) -> None:
    """Raise unless the file system under an existing directory keeps LMDB's promises.

    Raises:
        UnsafeFilesystemError: A network or user-space file system; ``received`` is its type.
    """
    try:
        mounts = parse_mountinfo(MOUNTINFO.read_bytes())
    except OSError:
        return
    mount = mount_of(path.resolve(), mounts)
    if mount is not None and is_unsafe(mount.type):
        raise UnsafeFilesystemError(
            f"{path} lies on a {mount.type} file system (mounted at {mount.point}), where several "
            "processes can damage a memory-mapped database; use a local disk, or pass "
            "allow_network_fs=True if only one process on one machine ever opens it",
            expected="a local file system",
            received=mount.type,
        )


def is_unsafe(filesystem_type: str) -> bool:
    """Whether a type of file system is on the list; fuseblk (local disks) is not."""
    return filesystem_type in UNSAFE or filesystem_type.startswith("fuse.")


def is_overlay(path: Path) -> bool:
    """Whether a directory lies on an overlay, which has two files behind one name; Linux only."""
    try:
        mounts = parse_mountinfo(MOUNTINFO.read_bytes())
    except OSError:
        return False
    mount = mount_of(path.resolve(), mounts)
    return mount is not None and mount.type == "overlay"


def is_read_only(path: Path) -> bool:
    """Whether the file system under a directory is mounted read-only."""
    if not hasattr(os, "statvfs"):
        return False
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def free_bytes(place: Path | int) -> int | None:
    """Bytes that this user can still write to the file system of a path, or of a descriptor.

    None where the system does not say.
    """
    if not hasattr(os, "statvfs"):
        return None
    try:
        status = os.statvfs(place)
    except OSError:
        return None
    return status.f_bavail * status.f_frsize
