"""ProFTPD: plain, explicit and implicit TLS, with mod_tls as it comes (sessions must be resumed).

It has what the other two lack: HASH (mod_digest), MODE Z (mod_deflate), SITE CPFR/CPTO (mod_copy),
SITE UTIME and SYMLINK (mod_site_misc), MLSD and MFMT (mod_facts). Users come from a password file
of its own; PAM is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .find import need_root, server_program
from .ground import PASSWORD_HASH, USERS, Ground, Server, account
from .process import Daemon, free_ports, wait_for_ports
from .tree import make_tree

__all__ = ["run_proftpd"]

CONFIGURATION = """\
ModulePath {modules}
LoadModule mod_tls.c
LoadModule mod_deflate.c
LoadModule mod_digest.c
LoadModule mod_copy.c
LoadModule mod_site_misc.c
ServerName "Postel interop"
ServerType standalone
DefaultServer on
UseIPv6 off
DefaultAddress 127.0.0.1
SocketBindTight on
Port {port}
User nobody
Group nogroup
Umask 022 022
MaxInstances 500
UseReverseDNS off
TimesGMT on
AuthOrder mod_auth_file.c
PidFile {room}/proftpd.pid
ScoreboardFile {room}/scoreboard
DelayTable none
ControlsEngine off
SystemLog {room}/system.log
TransferLog none
WtmpLog off
<Global>
  DefaultRoot {root}
  AllowOverwrite on
  AllowStoreRestart on
  AllowRetrieveRestart on
  ListOptions "-a"
  DeflateEngine on
  CopyEngine on
  AuthUserFile {room}/passwd
  AuthGroupFile {room}/group
  RequireValidShell off
  DelayEngine off
  TimeoutIdle 600
  TLSLog {room}/tls.log
  TLSRSACertificateFile {cert}
  TLSRSACertificateKeyFile {key}
  TLSCACertificateFile {ca}
  TLSProtocol TLSv1.2 TLSv1.3
  TLSVerifyClient optional
</Global>
TLSEngine on
TLSRequired off
<Anonymous {root}>
  User ftp
  Group nogroup
  UserAlias anonymous ftp
  <Limit WRITE>
    DenyAll
  </Limit>
</Anonymous>
<VirtualHost 127.0.0.1>
  Port {tls_port}
  TLSEngine on
  TLSOptions UseImplicitSSL
  TLSRequired on
</VirtualHost>
"""


@contextmanager
def run_proftpd(ground: Ground) -> Iterator[Server]:
    """Run one instance that listens on two free ports."""
    binary = server_program("proftpd")
    need_root("ProFTPD")
    room = ground.room("proftpd")
    make_tree(room / "root")
    _write_users(room)
    port, tls_port = free_ports(2)
    path = room / "proftpd.conf"
    text = CONFIGURATION.format(
        modules=binary.parent.parent / "lib" / "proftpd",
        port=port, tls_port=tls_port, room=room, root=room / "root",
        cert=ground.cert_file, key=ground.key_file, ca=ground.ca_file,
    )  # fmt: skip
    path.write_text(text)
    server = Server(
        "proftpd", "127.0.0.1", port, tls_port, ground.ca_file, room / "root",
        ground.client_cert, ground.client_key, logs=[room / "system.log", room / "tls.log"],
    )  # fmt: skip
    daemon = Daemon("proftpd", [binary, "-n", "-c", path], room)
    server.daemons.append(daemon)
    try:
        wait_for_ports(daemon, server.host, [port, tls_port], server.logs)
        yield server
    finally:
        daemon.stop()


def _write_users(room: Path) -> None:
    uid, gid = account().pw_uid, account().pw_gid
    lines = [f"{user}:{PASSWORD_HASH}:{uid}:{gid}::{room}/root:/bin/sh\n" for user in USERS]
    lines.append(f"ftp:*:{uid}:{gid}::{room}/root:/bin/sh\n")
    (room / "passwd").write_text("".join(lines))
    (room / "group").write_text(f"nogroup:x:{gid}:\n")
    for name in ("passwd", "group"):
        (room / name).chmod(0o640)  # mod_auth_file refuses files that everybody may read
