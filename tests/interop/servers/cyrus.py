"""Cyrus as an IMAP server, unpacked beside Dovecot, with which it may not be installed.

Users `user1` to `user40` with the password `secret` get their INBOX when they first log in.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .find import absent, cache, need_root, program
from .ground import PASSWORD, Ground
from .process import Daemon, free_ports, wait_for_ports

__all__ = ["Cyrus", "run_cyrus"]

PACKAGES = "cyrus-imapd cyrus-common libxapian30 libpcre3 libical3"
OWNER = "mail"
USERS = 40

CONFIGURATION = """\
configdirectory: {room}/conf
partition-default: {room}/spool
defaultpartition: default
servername: localhost
allowplaintext: yes
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
autocreate_inbox_folders: Trash | Drafts
conversations: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {room}/sasldb
sasl_mech_list: PLAIN LOGIN CRAM-MD5
idlesocket: {room}/conf/socket/idle
notifysocket: {room}/conf/socket/notify
"""
SERVICES = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {room}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {room}/imapd.conf" listen="127.0.0.1:{port}" prefork=2 maxchild=100
}}
DAEMON {{
  idled cmd="{bin}/idled -C {room}/imapd.conf"
}}
"""


@dataclass
class Cyrus:
    """A running Cyrus."""

    imap_port: int
    ca_file: Path
    name: str = "cyrus"
    host: str = "127.0.0.1"
    password: str = PASSWORD
    daemons: list[Daemon] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_mailbox(self) -> str:
        """An account that no other test knows."""
        return f"user{next(self._numbers)}"

    def log(self) -> str:
        """All that the server said."""
        return "".join(daemon.log() for daemon in self.daemons)


@contextmanager
def run_cyrus(ground: Ground) -> Iterator[Cyrus]:
    """Run Cyrus on a free port."""
    need_root("Cyrus")
    unpacked = cache() / "cyrus"
    if not os.access(unpacked / "usr/lib/cyrus/bin/master", os.X_OK):
        absent(f"cyrus is absent: .ci/unpack.sh cyrus {PACKAGES}")
    room, (port,) = ground.room("cyrus"), free_ports(1)
    tree = room / "tree"  # its own user may not enter the folder of the cache
    for name in ("usr/lib/cyrus/bin", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"):
        shutil.copytree(unpacked / name, tree / name, symlinks=True)
    binaries = tree / "usr/lib/cyrus/bin"
    for name in ("conf/socket", "spool"):
        (room / name).mkdir(parents=True)
    (room / "imapd.conf").write_text(CONFIGURATION.format(room=room))
    (room / "cyrus.conf").write_text(SERVICES.format(room=room, bin=binaries, port=port))
    for number in range(1, USERS + 1):
        subprocess.run([program("saslpasswd2", "sasl2-bin"), "-p", "-c", "-f", room / "sasldb", "-u",
                        "localhost", f"user{number}"], input=PASSWORD.encode(), check=True,
                       capture_output=True)
    for path in (room, room / "sasldb", room / "spool", *(room / "conf").rglob("*"), room / "conf"):
        shutil.chown(path, OWNER, OWNER)
    libraries = f"{tree}/usr/lib/x86_64-linux-gnu:{tree}/lib/x86_64-linux-gnu"
    command: list[str | Path] = ["env", f"LD_LIBRARY_PATH={libraries}", f"CYRUS_USER={OWNER}", binaries / "master",
               "-C", room / "imapd.conf", "-M", room / "cyrus.conf", "-p", room / "pid", "-D"]
    daemon = Daemon("cyrus", command, room)
    server = Cyrus(port, ground.ca_file, daemons=[daemon])
    try:
        wait_for_ports(daemon, server.host, [port], [])
        yield server
    finally:
        daemon.stop()
