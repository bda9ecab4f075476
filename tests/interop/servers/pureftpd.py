"""Pure-FTPd: plain and explicit TLS on one port, no demands on TLS sessions, users from a PureDB.

It has no implicit TLS. Anonymous users would get the home of the system account `ftp`, which is
not ours to change: only named users may log in.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .find import need_root, server_program
from .ground import PASSWORD_HASH, USERS, Ground, Server, account
from .process import ENVIRONMENT, Daemon, free_ports, wait_for_ports
from .tree import make_tree

__all__ = ["run_pureftpd"]

SESSIONS = Path("/run/pure-ftpd")  # compiled in: one file for each process
OPTIONS = (
    "-A",  # everybody is confined to his root
    "-E",  # nobody is anonymous
    "-H",  # no names are looked up
    "-D",  # listings show hidden names
    "-4",  # IPv4 only
    "-Y", "1",  # TLS where the client asks for it
    "-L", "100000:50",  # entries in a listing : depth
    "-I", "30",  # minutes of idleness
    "-c", "500", "-C", "500",  # connections, and per address
    "-f", "none",  # no syslog
)  # fmt: skip


@contextmanager
def run_pureftpd(ground: Ground) -> Iterator[Server]:
    """Run one instance on a free port."""
    binary = server_program("pure-ftpd")
    need_root("Pure-FTPd")
    room = ground.room("pureftpd")
    make_tree(room / "root")
    users = _make_users(binary, room)
    (port,) = free_ports(1)
    server = Server(
        "pureftpd", "127.0.0.1", port, None, ground.ca_file, room / "root",
        ground.client_cert, ground.client_key, anonymous=False, logs=[room / "transfers.log"],
    )  # fmt: skip
    command: list[str | Path] = [
        binary, *OPTIONS, "-S", f"127.0.0.1,{port}", "-l", f"puredb:{users}",
        "-2", ground.pem_file, "-g", room / "pid", "-O", f"clf:{room}/transfers.log",
    ]  # fmt: skip
    daemon = Daemon("pureftpd", command, room)
    server.daemons.append(daemon)
    try:
        wait_for_ports(daemon, server.host, [port], server.logs)
        yield server
    finally:
        daemon.stop()
        _forget_sessions()


def _make_users(binary: Path, room: Path) -> Path:
    """Compile a PureDB; its own tool would hash with argon2, which costs a second per login."""
    uid, gid = account().pw_uid, account().pw_gid
    lines = [f"{u}:{PASSWORD_HASH}:{uid}:{gid}::{room}/root/./::::::::::::\n" for u in USERS]
    (room / "users").write_text("".join(lines))
    compiler = binary.parent.parent / "bin" / "pure-pw"
    subprocess.run(
        [compiler, "mkdb", room / "users.pdb", "-f", room / "users"],
        check=True, env=ENVIRONMENT, timeout=20,
    )  # fmt: skip
    return room / "users.pdb"


def _forget_sessions() -> None:
    """Remove the notes of sessions that did not end by themselves, and the folder when empty."""
    for path in SESSIONS.glob("client-*"):
        if not Path("/proc", path.name.removeprefix("client-").lstrip("0")).exists():
            path.unlink(missing_ok=True)
    with suppress(OSError):
        SESSIONS.rmdir()
