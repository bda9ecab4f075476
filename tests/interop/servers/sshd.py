"""OpenSSH's sshd, as whoever runs the tests: SFTP by its program and built in; and mod_sftp.

One log-in by key as this very user; by password only where a user may be made for it (root, and
POSTEL_INTEROP_REQUIRED or POSTEL_INTEROP_USERS set), for sshd asks the system's own accounts.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .find import absent, need_root, program, server_program
from .ground import PASSWORD, PASSWORD_HASH, USER, Ground, account
from .process import Daemon, free_ports, is_root, wait_for_ports

__all__ = ["SSHD", "run_proftpd_sftp", "run_sshd"]

SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server",
                "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
MADE = "postel-interop"  # the user that is made for log-ins by password

CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {room}/host_ed25519
HostKey {room}/host_rsa
PidFile none
AuthorizedKeysFile {room}/authorized_keys
StrictModes no
PasswordAuthentication {passwords}
KbdInteractiveAuthentication {passwords}
UsePAM {passwords}
PermitRootLogin yes
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200
MaxAuthTries 6
AllowTcpForwarding yes
LogLevel VERBOSE
Subsystem sftp {sftp}
Subsystem broken /nonexistent/sftp-server
"""

PROFTPD = """\
ModulePath {modules}
LoadModule mod_sftp.c
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
SFTPEngine on
SFTPLog {room}/sftp.log
SFTPHostKey {room}/host_rsa
SFTPHostKey {room}/host_ed25519
SFTPAuthMethods password publickey
SFTPAuthorizedUserKeys file:{room}/authorized_rfc4716
DefaultRoot {root}
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
AuthUserFile {room}/passwd
AuthGroupFile {room}/group
RequireValidShell off
DelayEngine off
TimeoutIdle 600
"""


@dataclass
class SSHD:
    """A real SSH server that is running.

    Attributes:
        root: a folder that `user` may write to; `path` is how it sees it.
        key: the private key that lets `user` in.
        password: what lets `user` in, or None.
    """

    name: str
    port: int
    user: str
    key: Path
    known_hosts: Path
    fingerprint: str
    root: Path
    path: str
    password: str | None = None
    builtin_port: int = 0
    host: str = "127.0.0.1"
    daemons: list[Daemon] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)

    def log(self) -> str:
        """All that the server printed and logged so far."""
        logs = [daemon.log() for daemon in self.daemons]
        logs += [path.read_text(errors="replace") for path in self.logs if path.exists()]
        return "".join(logs)


@contextmanager
def run_sshd(ground: Ground) -> Iterator[SSHD]:
    """Run two instances: SFTP by the program, and built in."""
    binary = program("sshd", "openssh-server")
    sftp = next((path for path in SFTP_SERVERS if Path(path).exists()), None)
    if sftp is None:
        absent("sftp-server is absent: apt-get install openssh-sftp-server")
    room = ground.room("sshd")
    if is_root():
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it gives up its rights in there
    _make_keys(room)
    ports = free_ports(2)
    record = _known_hosts(room, ports)
    (room / "root").mkdir()
    (room / "root").chmod(0o777)
    with _made_user() as password:
        user = MADE if password else getpass.getuser()
        server = SSHD("sshd", ports[0], user, room / "id", record, _fingerprint(room),
                      room / "root", str(room / "root"), password, ports[1])
        try:
            for port, how in zip(ports, (sftp, "internal-sftp"), strict=True):
                path = room / f"sshd_{port}.conf"
                path.write_text(CONFIGURATION.format(
                    port=port, room=room, sftp=how, passwords="yes" if password else "no"))
                daemon = Daemon(f"sshd_{port}", [binary, "-D", "-e", "-f", path], room)
                server.daemons.append(daemon)
                wait_for_ports(daemon, "127.0.0.1", [port], [])
            yield server
        finally:
            for daemon in server.daemons:
                daemon.stop()


@contextmanager
def run_proftpd_sftp(ground: Ground) -> Iterator[SSHD]:
    """Run ProFTPD with mod_sftp alone."""
    binary = server_program("proftpd")
    need_root("ProFTPD")
    modules = binary.parent.parent / "lib" / "proftpd"
    if not (modules / "mod_sftp.so").exists():
        absent("mod_sftp is absent: .ci/unpack.sh proftpd proftpd-core proftpd-mod-crypto")
    room = ground.room("proftpd-sftp")
    root = room / "root"
    root.mkdir()
    root.chmod(0o777)
    _make_keys(room)
    converted = subprocess.run(["ssh-keygen", "-e", "-f", room / "id.pub"], check=True,
                               capture_output=True).stdout
    (room / "authorized_rfc4716").write_bytes(converted)
    uid, gid = account().pw_uid, account().pw_gid
    for name, text in (("passwd", f"{USER}:{PASSWORD_HASH}:{uid}:{gid}::{root}:/bin/sh\n"),
                       ("group", f"nogroup:x:{gid}:\n")):
        (room / name).write_text(text)
        (room / name).chmod(0o640)
    port = free_ports(1)[0]
    (room / "proftpd.conf").write_text(PROFTPD.format(modules=modules, port=port, room=room,
                                                      root=root))
    daemon = Daemon("proftpd-sftp", [binary, "-n", "-c", room / "proftpd.conf"], room)
    server = SSHD("proftpd mod_sftp", port, USER, room / "id", _known_hosts(room, [port]),
                  _fingerprint(room), root, "/", PASSWORD, daemons=[daemon],
                  logs=[room / "system.log", room / "sftp.log"])
    try:
        wait_for_ports(daemon, "127.0.0.1", [port], server.logs)
        yield server
    finally:
        daemon.stop()


def _make_keys(room: Path) -> None:
    program("ssh-keygen", "openssh-client")
    for name, kind in (("host_ed25519", "ed25519"), ("host_rsa", "rsa"), ("id", "ed25519")):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "interop", "-f",
                        room / name], check=True)
    shutil.copy(room / "id.pub", room / "authorized_keys")
    (room / "authorized_keys").chmod(0o644)


def _known_hosts(room: Path, ports: list[int]) -> Path:
    path = room / "known_hosts"
    keys = [(room / f"host_{kind}.pub").read_text().split()[:2] for kind in ("ed25519", "rsa")]
    path.write_text("".join(f"[127.0.0.1]:{port} {' '.join(key)}\n"
                            for port in ports for key in keys))
    return path


def _fingerprint(room: Path) -> str:
    done = subprocess.run(["ssh-keygen", "-l", "-f", room / "host_ed25519.pub"], check=True,
                          capture_output=True, text=True)
    return done.stdout.split()[1]


@contextmanager
def _made_user() -> Iterator[str | None]:
    """A user for log-ins by password, where one may be made; else None."""
    wanted = os.environ.get("POSTEL_INTEROP_REQUIRED") or os.environ.get("POSTEL_INTEROP_USERS")
    if not is_root() or not wanted or shutil.which("useradd") is None:
        yield None
        return
    with suppress(subprocess.CalledProcessError):
        subprocess.run(["userdel", "-r", MADE], check=True, capture_output=True)
    subprocess.run(["useradd", "-m", "-s", "/bin/sh", MADE], check=True, capture_output=True)
    subprocess.run(["chpasswd"], input=f"{MADE}:{PASSWORD}\n", check=True, text=True,
                   capture_output=True)
    try:
        yield PASSWORD
    finally:
        subprocess.run(["userdel", "-r", MADE], check=False, capture_output=True)
