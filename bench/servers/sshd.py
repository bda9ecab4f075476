"""OpenSSH's sshd with the SFTP server built in; log-in by key as whoever runs the harness.

`folder/config` is for every contender that reads ssh_config(5): the host is called "bench".
"""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

from bench.servers.base import Server

__all__ = ["Sshd"]

_CONFIGURATION = """
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/id.pub
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin yes
UseDNS no
PrintMotd no
MaxStartups 200
MaxSessions 200
LogLevel ERROR
Subsystem sftp internal-sftp -d {root}
"""

_CLIENT = """
Host bench
    HostName {address}
    Port {port}
    User {user}
    IdentityFile {folder}/id
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
    HostKeyAlias bench
    StrictHostKeyChecking yes
"""


class Sshd(Server):
    """The SSH server that nearly everybody runs."""

    name = "OpenSSH"
    program = "/usr/sbin/sshd"
    user, password = getpass.getuser(), ""

    def version(self) -> str:
        """As in "OpenSSH 9.2p1"."""
        done = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=False)
        return done.stderr.split(",")[0].split()[0].replace("_", " ")

    def configure(self) -> list[str]:
        """Keys, and one file for each side."""
        folder = self.place.folder
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name in ("host_key", "id"):
            if not (folder / name).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f",
                                str(folder / name)], check=True)
        kind, key = (folder / "host_key.pub").read_text().split()[:2]
        (folder / "known_hosts").write_text(
            f"bench {kind} {key}\n[{self.place.address}]:{self.port} {kind} {key}\n")
        names = {"port": self.port, "address": self.place.address, "folder": folder,
                 "root": self.place.root, "user": self.user}
        (folder / "config").write_text(_CLIENT.format_map(names))
        path = folder / "sshd.conf"
        path.write_text(_CONFIGURATION.format_map(names))
        return [self.program, "-D", "-e", "-f", str(path)]
