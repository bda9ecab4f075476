"""vsftpd: plain and explicit TLS on one port, implicit TLS on another, both strict about TLS.

`require_ssl_reuse` is on: a data channel that does not resume the TLS session of the control
channel is refused. Users are virtual: PAM finds them in a password file of ours, and every session
runs as Debian's `ftp`, so that no account is added to this machine. PAM reads its services from
/etc/pam.d only; the file put there goes away with the server. (A PAM module that starts a program
is no way: vsftpd takes the end of that program for the end of its own session, and hangs.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .find import absent, need_root, program
from .ground import PASSWORD_HASH, USERS, Ground, Server, account
from .process import Daemon, free_ports, wait_for_ports
from .tree import make_tree

__all__ = ["run_vsftpd"]

PAM_MODULE = "pam_pwdfile.so"
CONFIGURATION = """\
background=NO
{listen}
listen_port={port}
implicit_ssl={implicit}
anonymous_enable=YES
anon_root={root}
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
ftp_username={account}
local_enable=YES
local_root={root}
local_umask=022
write_enable=YES
guest_enable=YES
guest_username={account}
virtual_use_local_privs=YES
chroot_local_user=YES
passwd_chroot_enable=NO
pam_service_name={service}
session_support=NO
use_localtime=NO
mdtm_write=YES
ascii_upload_enable=YES
ascii_download_enable=YES
connect_from_port_20=NO
max_clients=0
max_per_ip=0
idle_session_timeout=600
delay_failed_login=0
delay_successful_login=0
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
secure_chroot_dir={empty}
ssl_enable=YES
allow_anon_ssl=YES
force_local_data_ssl=NO
force_local_logins_ssl=NO
ssl_tlsv1=YES
ssl_ciphers=HIGH
require_ssl_reuse=YES
rsa_cert_file={cert}
rsa_private_key_file={key}
xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={log}
"""


@contextmanager
def run_vsftpd(ground: Ground, host: str = "127.0.0.1") -> Iterator[Server]:
    """Run two instances, with explicit and with implicit TLS, on free ports of `host`."""
    binary = program("vsftpd")
    need_root("vsftpd")
    if not list(Path("/lib").glob(f"*/security/{PAM_MODULE}")):
        absent(f"{PAM_MODULE} is absent: apt-get install libpam-pwdfile")
    room = ground.room("vsftpd6" if ":" in host else "vsftpd")
    make_tree(room / "root")
    (room / "empty").mkdir(mode=0o555)
    port, tls_port = free_ports(2, host)
    server = Server(
        "vsftpd", host, port, tls_port, ground.ca_file, room / "root",
        ground.client_cert, ground.client_key, logs=[room / "protocol.log"],
    )  # fmt: skip
    with _pam_service(room) as service:
        values = {
            "account": account().pw_name, "root": room / "root", "empty": room / "empty",
            "cert": ground.cert_file, "key": ground.key_file, "service": service,
            "log": room / "protocol.log",
            "listen": f"listen_ipv6=YES\nlisten_address6={host}" if ":" in host
            else f"listen=YES\nlisten_address={host}",
        }  # fmt: skip
        try:
            for number, implicit in ((port, "NO"), (tls_port, "YES")):
                path = room / f"{number}.conf"
                path.write_text(CONFIGURATION.format(port=number, implicit=implicit, **values))
                server.daemons.append(Daemon(f"vsftpd-{number}", [binary, path], room))
            for daemon, number in zip(server.daemons, (port, tls_port), strict=True):
                wait_for_ports(daemon, host, [number], server.logs)
            yield server
        finally:
            for daemon in server.daemons:
                daemon.stop()


@contextmanager
def _pam_service(room: Path) -> Iterator[str]:
    """A PAM service that knows our users, for as long as the server runs."""
    users = room / "users"
    users.write_text("".join(f"{user}:{PASSWORD_HASH}\n" for user in USERS))
    _remove_stale_services()
    service = Path(f"/etc/pam.d/postel-interop-{os.getpid()}-{room.name}")
    service.write_text(
        f"auth required {PAM_MODULE} pwdfile={users} nodelay\naccount required pam_permit.so\n"
    )
    try:
        yield service.name
    finally:
        service.unlink(missing_ok=True)


def _remove_stale_services() -> None:
    """Remove the files of runs that were killed before they could."""
    for path in Path("/etc/pam.d").glob("postel-interop-*"):
        if not Path("/proc", path.name.split("-")[2]).exists():
            path.unlink(missing_ok=True)
