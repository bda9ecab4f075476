"""ProFTPD: MLSD, plain FTP and AUTH TLS, accounts from a file of its own.

Debian's package excludes vsftpd's, so `python -m bench --prepare` unpacks it into `bench/.peers`
instead of installing it.
"""

from __future__ import annotations

import os
import pwd
import subprocess

from bench.build import HERE
from bench.servers.base import Server

__all__ = ["LIBRARIES", "PACKAGES", "ProFTPD"]

PACKAGES = ["proftpd-core", "proftpd-mod-crypto"]
LIBRARIES = ["libhiredis0.14", "libmemcached11", "libmemcachedutil2", "libpcre2-posix3"]
_UNPACKED = HERE / ".peers" / "proftpd"

_CONFIGURATION = """
ModulePath {unpacked}/usr/lib/proftpd
LoadModule mod_tls.c
ServerName "bench"
ServerType standalone
DefaultServer on
UseIPv6 off
DefaultAddress {address}
SocketBindTight on
Port {port}
User ftp
Group nogroup
Umask 022 022
MaxInstances none
UseReverseDNS off
WtmpLog off
TransferLog none
SystemLog {folder}/system.log
PidFile {folder}/pid
ScoreboardFile {folder}/scoreboard
DelayTable none
DelayEngine off
TimeoutIdle 900
AuthOrder mod_auth_file.c
AuthUserFile {folder}/passwd
AuthGroupFile {folder}/group
RequireValidShell off
DefaultRoot {root}
AllowOverwrite on
AllowStoreRestart on
TLSEngine on
TLSRequired {required}
TLSLog none
TLSProtocol TLSv1.2 TLSv1.3
TLSOptions NoSessionReuseRequired
TLSRenegotiate none
TLSRSACertificateFile {tls}/server.pem
TLSRSACertificateKeyFile {tls}/server.key
"""


class ProFTPD(Server):
    """The other big FTP server."""

    name = "ProFTPD"
    program = str(_UNPACKED / "usr/sbin/proftpd")

    def version(self) -> str:
        """As in "ProFTPD 1.3.8"."""
        done = subprocess.run(
            [self.program, "-v"], capture_output=True, text=True, check=False,
            env=self.environment(),
        )
        return " ".join((done.stdout + done.stderr).replace("Version", "").split()[:2])

    def environment(self) -> dict[str, str] | None:
        """Its libraries lie beside it."""
        libraries = _UNPACKED / "usr/lib/x86_64-linux-gnu"
        for found in (_UNPACKED / "usr/lib").glob("*-linux-gnu*"):
            libraries = found
        return {**os.environ, "LD_LIBRARY_PATH": str(libraries)}

    def configure(self) -> list[str]:
        """One file, and one for the account."""
        folder, who = self.place.folder, pwd.getpwnam("ftp")
        crypt = subprocess.run(
            ["openssl", "passwd", "-1", "-salt", "bench", self.password],
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        account = f"{self.user}:{crypt}:{who.pw_uid}:{who.pw_gid}::{self.place.root}:/bin/sh\n"
        (folder / "passwd").write_text(account)
        (folder / "group").write_text(f"ftp:x:{who.pw_gid}:{self.user}\n")
        for name in ("passwd", "group"):
            (folder / name).chmod(0o640)  # ProFTPD refuses a world-readable one
        path = folder / "proftpd.conf"
        path.write_text(_CONFIGURATION.format(
            unpacked=_UNPACKED, address=self.place.address, port=self.port, folder=folder,
            root=self.place.root, tls=self.tls, required="on" if self.place.tls_only else "off",
        ))
        return [self.program, "-n", "-c", str(path)]
