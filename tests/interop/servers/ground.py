"""What all real servers share: a folder, certificates, and the handle that tests hold."""

from __future__ import annotations

import itertools
import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from .process import Daemon, is_root

__all__ = ["PASSWORD", "PASSWORD_HASH", "USER", "USERS", "Ground", "Server", "account", "give"]

USERS = ("alice", "bob", "carol")
USER = USERS[0]
PASSWORD = "secret"
# crypt(3) of it with MD5, the cheapest hash that all servers know: logins are not what is tested.
PASSWORD_HASH = "$1$postel$lVo61L5FsEwrc/yrRjBmh1"


def account() -> pwd.struct_passwd:
    """The account that real servers run sessions as: the same for all virtual users.

    Debian's `ftp` has a home that exists, on which vsftpd insists; `nobody` has none.
    """
    if not is_root():
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("ftp")
    except KeyError:
        return pwd.getpwnam("nobody")


class Ground:
    """A folder for one test run, with a certificate authority of its own.

    The folder is not pytest's `tmp_path`, which only its owner may enter: the servers give up
    root and must still reach their files. Its short path leaves room for socket names (unix(7):
    108 bytes).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        rsa = trustme.KeyType.RSA
        authority = trustme.CA(organization_name="Postel interop", key_type=rsa)
        server = authority.issue_cert(
            "localhost", "127.0.0.1", "::1", common_name="localhost", key_type=rsa
        )
        client = authority.issue_cert("alice@example.org", common_name=USER, key_type=rsa)
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self.cert_file, self.key_file, self.pem_file = self._write(server, "server")
        self.client_cert, self.client_key, self.client_pem = self._write(client, "client")

    def _write(self, leaf: trustme.LeafCert, name: str) -> tuple[Path, Path, Path]:
        """Chain, key, and both in one file."""
        chain, key, both = (self.folder / f"{name}.{kind}" for kind in ("crt", "key", "pem"))
        chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(key)
        leaf.private_key_and_cert_chain_pem.write_to_path(both)
        for path in (key, both):
            path.chmod(0o600)
        return chain, key, both

    def room(self, name: str) -> Path:
        """A new folder for the server `name`."""
        path = self.folder / name
        path.mkdir()
        path.chmod(0o755)
        return path


@dataclass
class Server:
    """A real FTP server that is running; `root` is what its users see as `/`."""

    name: str
    host: str
    port: int  # plain, and TLS by AUTH TLS (RFC 4217)
    tls_port: int | None  # TLS from the first byte; None where the server has no such thing
    ca_file: Path
    root: Path
    client_cert: Path  # for CN=alice
    client_key: Path
    anonymous: bool = True  # whether it lets "anonymous" in
    user: str = USER
    password: str = PASSWORD
    daemons: list[Daemon] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)

    _numbers = itertools.count(1)

    @property
    def url_host(self) -> str:
        """The host as it stands in a URL: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def new_folder(self, name: str = "work") -> str:
        """Make an empty folder that users may write to; its path as users see it."""
        path = self.root / "upload" / f"{name}-{next(self._numbers)}"
        path.mkdir()
        give(path)
        return f"/{path.relative_to(self.root)}"

    def local(self, path: str) -> Path:
        """The file on this disk that users see as `path`."""
        return self.root / path.lstrip("/")

    def log(self) -> str:
        """All that the server printed and logged so far."""
        logs = [daemon.log() for daemon in self.daemons]
        logs += [path.read_text(errors="replace") for path in self.logs if path.exists()]
        return "".join(logs)


def give(path: Path) -> None:
    """Hand a folder to the account of the sessions."""
    if is_root():
        os.chown(path, account().pw_uid, account().pw_gid)
