"""Fetch the peers that are not Debian packages to install, and say which packages are missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.build import HERE
from bench.servers.proftpd import LIBRARIES, PACKAGES

__all__ = ["prepare"]

_PEERS = HERE / ".peers"
_PYTHON = ("aioftp", "aiohttp", "aioimaplib", "aiosmtplib", "asyncssh",
           "dkimpy[ed25519]", "fast-mail-parser", "httpx2[http2]", "imap-tools", "imapclient",
           "mail-parser", "paramiko", "pexpect", "pynntp", "requests", "telnetlib3")
_NEEDED = {
    "vsftpd": "/usr/sbin/vsftpd", "dovecot-pop3d": "/usr/sbin/dovecot",
    "dovecot-imapd": "/usr/lib/dovecot/imap", "isync": "mbsync", "offlineimap3": "offlineimap",
    "curl": "curl",
    "lftp": "lftp", "wget": "wget", "rclone": "rclone", "mpop": "mpop", "fetchmail": "fetchmail",
    "nginx-light": "/usr/sbin/nginx", "wget2": "wget2", "rsync": "rsync", "aria2": "aria2c",
    "inn2": "/usr/lib/news/bin/innd",
    "postfix": "smtp-source", "msmtp": "msmtp", "gcc": "cc", "iproute2": "ip", "openssl": "openssl",
}


def prepare() -> None:
    """Make `bench/.peers`: a virtual environment with Python peers, and ProFTPD unpacked."""
    _PEERS.mkdir(exist_ok=True)
    _make_environment(_PEERS / "venv")
    _unpack(_PEERS / "proftpd")
    missing = [package for package, program in _NEEDED.items() if not shutil.which(program)]
    if missing:
        print("missing, their rows will say so: apt-get install --no-install-recommends",
              *missing)


def _make_environment(folder: Path) -> None:
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *_PYTHON], check=True)


def _unpack(folder: Path) -> None:
    if folder.exists():
        return
    with tempfile.TemporaryDirectory() as name:
        command = ["apt-get", "download", "-q", *PACKAGES, *LIBRARIES]
        if subprocess.run(command, cwd=name, capture_output=True, check=False).returncode:
            print("ProFTPD could not be downloaded (apt-get update?); its rows will say so")
            return
        for package in Path(name).glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
