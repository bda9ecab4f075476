"""vsftpd: plain FTP and AUTH TLS, log-in as anonymous, so that no account and no PAM is needed."""

from __future__ import annotations

import subprocess

from bench.servers.base import Server

__all__ = ["Vsftpd"]

# require_ssl_reuse is Debian's default; it is off because ftplib cannot resume a TLS session on
# the data connection, and the row is about speed.
_CONFIGURATION = """
listen=YES
listen_address={address}
listen_port={port}
background=NO
anonymous_enable=YES
local_enable=NO
ftp_username=ftp
anon_root={root}
anon_world_readable_only=NO
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
write_enable=YES
mdtm_write=YES
connect_from_port_20=NO
max_clients=0
max_per_ip=0
idle_session_timeout=900
isolate_network=NO
secure_chroot_dir={empty}
seccomp_sandbox=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_data_ssl={force}
force_anon_logins_ssl={force}
require_ssl_reuse=NO
ssl_ciphers=HIGH
rsa_cert_file={tls}/server.pem
rsa_private_key_file={tls}/server.key
xferlog_enable=NO
anon_max_rate={rate}
vsftpd_log_file={folder}/transfers
"""


class Vsftpd(Server):
    """The FTP server of Debian's choice: no MLSD, `sendfile` for plain downloads."""

    name = "vsftpd"
    program = "/usr/sbin/vsftpd"
    user, password = "anonymous", "bench@example.org"

    def version(self) -> str:
        """As in "vsftpd 3.0.3"."""
        done = subprocess.run(  # it answers on its standard input
            f"{self.program} -v 0>&1", shell=True, capture_output=True, text=True, check=False
        )
        return " ".join(done.stdout.replace("version", "").replace(":", "").split()[:2])

    def configure(self) -> list[str]:
        """One file."""
        folder = self.place.folder
        empty = folder / "empty"
        empty.mkdir(mode=0o555, exist_ok=True)
        path = folder / "vsftpd.conf"
        path.write_text(_CONFIGURATION.format(
            address=self.place.address, port=self.port, root=self.place.root, empty=empty,
            tls=self.tls, folder=folder, rate=self.place.rate,
            force="YES" if self.place.tls_only else "NO",
        ))
        return [self.program, str(path)]
