"""Dovecot's POP3 and IMAP, plain, one account with a Maildir."""

from __future__ import annotations

import subprocess

from bench.build import Unavailable
from bench.servers.base import Server

__all__ = ["MAIL_GROUP", "MAIL_USER", "Dovecot", "DovecotIMAP"]

MAIL_USER = MAIL_GROUP = 8  # "mail" on Debian

_CONFIGURATION = """
protocols = {protocol}
listen = {address}
base_dir = {folder}/base
state_dir = {folder}/state
instance_name = postel-bench
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{root}
mail_fsync = never
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service {protocol}-login {{
  inet_listener {protocol} {{
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Dovecot(Server):
    """The POP3 server; `place.root` is the Maildir."""

    name = "Dovecot"
    protocol = "pop3"
    program = "/usr/sbin/dovecot"

    def version(self) -> str:
        """As in "Dovecot 2.3.19.1"."""
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True,
                              check=True)
        return f"Dovecot {done.stdout.split()[0]}"

    def configure(self) -> list[str]:
        """One file, in the language of Dovecot 2.3."""
        if not self.version().startswith("Dovecot 2.3"):
            raise Unavailable(f"the configuration is for Dovecot 2.3, this is {self.version()}")
        folder = self.place.folder
        for name in ("base", "state"):
            (folder / name).mkdir(exist_ok=True)
        path = folder / "dovecot.conf"
        path.write_text(_CONFIGURATION.format(
            protocol=self.protocol, address=self.place.address, port=self.port, folder=folder,
            root=self.place.root, password=self.password, uid=MAIL_USER, gid=MAIL_GROUP,
        ))
        return [self.program, "-F", "-c", str(path)]


class DovecotIMAP(Dovecot):
    """The IMAP server, likewise."""

    protocol = "imap"
