"""PostgreSQL: a cluster of its own in the run's folder, for jobs of several machines."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .find import absent
from .ground import PASSWORD, USER, Ground
from .process import ENVIRONMENT, Daemon, free_ports, is_root, wait_for_ports

__all__ = ["Postgres", "run_postgres"]

ACCOUNT = "postgres"  # it refuses to run as root
DEBIAN = Path("/usr/lib/postgresql")  # one folder for each version, none of them in PATH


@dataclass
class Postgres:
    """A running PostgreSQL; `user` may make databases."""

    port: int
    binaries: Path
    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD
    name: str = "postgresql"
    daemons: list[Daemon] = field(default_factory=list)

    _numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database for one test; its URL."""
        name = f"jobs{next(self._numbers)}"
        subprocess.run(
            [self.binaries / "createdb", "-h", self.host, "-p", str(self.port), "-U", self.user,
             name], check=True, capture_output=True,
            env={**ENVIRONMENT, "PGPASSWORD": self.password})
        return self.url(name)

    def log(self) -> str:
        """All that the server logged so far."""
        return "".join(daemon.log() for daemon in self.daemons)


@contextmanager
def run_postgres(ground: Ground) -> Iterator[Postgres]:
    """Run it on a free port, as the user `postgres` where this run is root's."""
    binaries = _binaries()
    room = ground.room("postgres")
    (room / "sock").mkdir()
    (room / "password").write_text(f"{PASSWORD}\n")
    if is_root():
        owner = _account()
        for path in (room, room / "sock", room / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    subprocess.run(
        _as_postgres([binaries / "initdb", "-D", room / "data", "-U", USER, "-A", "scram-sha-256",
                      "--pwfile", room / "password", "-E", "UTF8", "--no-sync"]),
        check=True, capture_output=True, env=ENVIRONMENT, cwd=room)
    port = free_ports(1)[0]
    server = Postgres(port, binaries)
    daemon = Daemon("postgres", _as_postgres([
        binaries / "postgres", "-D", room / "data", "-p", str(port), "-c",
        "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={room / 'sock'}", "-c",
        "fsync=off"]), room)
    server.daemons.append(daemon)
    try:
        wait_for_ports(daemon, server.host, [port], [])
        yield server
    finally:
        daemon.stop()


def _binaries() -> Path:
    """The folder of the newest version's programs."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    if elsewhere is None:
        absent("initdb is absent: apt-get install postgresql")
    return Path(elsewhere).parent


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        absent(f"there is no user {ACCOUNT}: apt-get install postgresql")


def _as_postgres(command: Sequence[str | Path]) -> Sequence[str | Path]:
    if not is_root():
        return command
    return ["setpriv", "--reuid", ACCOUNT, "--regid", ACCOUNT, "--init-groups", *command]
