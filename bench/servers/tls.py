"""A certificate authority and one server certificate for the run, made by the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.build import Unavailable

__all__ = ["make_certificates"]

_LEAF = """basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:10.77.0.2
"""


def make_certificates(folder: Path) -> Path:
    """Write ca.pem, server.pem (leaf and CA) and server.key; returns the path of ca.pem."""
    folder.mkdir()
    (folder / "leaf.ext").write_text(_LEAF)
    _openssl(
        folder, "req -x509 -newkey rsa:2048 -nodes -days 7 -keyout ca.key -out ca.pem "
        "-subj /CN=Bench-CA -addext keyUsage=critical,keyCertSign,cRLSign",
    )
    _openssl(folder, "req -new -newkey rsa:2048 -nodes -keyout server.key -out server.csr "
             "-subj /CN=localhost")
    _openssl(folder, "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
             "-days 7 -extfile leaf.ext -out leaf.pem")
    leaf, authority = folder / "leaf.pem", folder / "ca.pem"
    (folder / "server.pem").write_bytes(leaf.read_bytes() + authority.read_bytes())
    return authority


def _openssl(folder: Path, words: str) -> None:
    try:
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError as error:
        raise Unavailable("openssl is not installed") from error
