"""Programs of Debian packages: found in PATH or in the cache that `.ci/run` fills, or skipped."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from .process import ENVIRONMENT, is_root

__all__ = ["absent", "cache", "need_root", "program", "server_program"]

# Command -> Debian package, where the two differ.
PACKAGES = {"ab": "apache2-utils", "aria2c": "aria2", "dovecot": "dovecot-pop3d",
            "mount.davfs": "davfs2", "rclone": "rclone", "smtp-sink": "postfix",
            "smtp-source": "postfix", "ss": "iproute2"}
# Server -> (folder in the cache, packages that `.ci/unpack.sh` puts there).
UNPACKED = {
    "proftpd": ("proftpd", "proftpd-core proftpd-mod-crypto"),
    "pure-ftpd": ("pure-ftpd", "pure-ftpd pure-ftpd-common"),
}


def cache() -> Path:
    """The folder of packages that were unpacked, not installed."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("POSTEL_INTEROP_CACHE") or home / "postel-interop")


def program(name: str, package: str | None = None) -> Path:
    """The installed program `name`; skips the test, naming its package, when it is absent."""
    found = _in_path(name)
    if found is None:
        package = package or PACKAGES.get(name, name)
        absent(f"{name} is absent: apt-get install {package}")
    return found


def server_program(name: str) -> Path:
    """The server `name`, installed or unpacked; skips, naming its packages, when it is absent."""
    folder, packages = UNPACKED[name]
    unpacked = cache() / folder / "usr" / "sbin" / name
    found = unpacked if os.access(unpacked, os.X_OK) else _in_path(name)
    if found is None:
        absent(f"{name} is absent: .ci/unpack.sh {folder} {packages}")
    return found


def need_root(what: str) -> None:
    """Skip unless this run is root's: `what` changes its user and calls chroot."""
    if not is_root():
        pytest.skip(f"{what} needs root: it changes its user and calls chroot")


def absent(reason: str) -> NoReturn:
    """Skip; or fail where `.ci/run` has promised that everything is there."""
    if os.environ.get("POSTEL_INTEROP_REQUIRED"):
        pytest.fail(reason)
    pytest.skip(reason)


def _in_path(name: str) -> Path | None:
    # Servers live in sbin, which is in root's PATH only.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), ENVIRONMENT["PATH"]))
    found = shutil.which(name, path=path)
    return Path(found) if found else None
