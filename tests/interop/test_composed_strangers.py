"""What is composed, read by programs of other makers: gpg, openssl, and Python's parser after them."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import program

from postel.messages import Message, parse
from postel.messages.protect import encrypted, enveloped, signed

pytestmark = pytest.mark.interop
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TOKEN = "4kJ8sPq2Xw7m"


def run(*words: str, data: bytes = b"", cwd: Path) -> bytes:
    done = subprocess.run(words, input=data, capture_output=True, check=False, timeout=50, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.fixture
def gpg(tmp_path: Path) -> list[str]:
    home = tmp_path / "keys"
    home.mkdir(mode=0o700)
    words = [str(program("gpg", "gnupg")), "--homedir", str(home), "--batch", "--yes", "--passphrase", "",
             "--pinentry-mode", "loopback", "--trust-model", "always"]
    run(*words, "--quick-generate-key", "ann@example.org", "ed25519", "sign", "never", cwd=tmp_path)
    listed = run(*words, "--with-colons", "--list-keys", cwd=tmp_path).decode().split("\n")
    key = next(line.split(":")[9] for line in listed if line.startswith("fpr"))
    run(*words, "--quick-add-key", key, "cv25519", "encr", "never", cwd=tmp_path)
    return words


def test_gpg_verifies_what_travels(gpg: list[str], tmp_path: Path) -> None:
    def protect(entity: bytes) -> bytes:
        signature = run(*gpg, "--armor", "--detach-sign", "--digest-algo", "SHA256", data=entity,
                        cwd=tmp_path)
        return signed(entity, signature, protocol="application/pgp-signature",
                      micalg="pgp-sha256", unique=TOKEN)

    raw = bytes(Message(from_="ann@example.org", to="bob@example.org", subject="Grüße",
                        text="Grüße \n-- \nAnn", attach=[("a.bin", bytes(range(256)))],
                        protect=protect).build(now=NOW, unique=TOKEN))
    root = parse(raw).root
    content, signature = root.children
    (tmp_path / "content").write_bytes(raw[content.start : content.end])
    (tmp_path / "signature").write_bytes(signature.content)
    run(*gpg, "--verify", "signature", "content", cwd=tmp_path)
    (tmp_path / "content").write_bytes(raw[content.start : content.end].replace(b"Gr", b"gr"))
    with pytest.raises(AssertionError, match="BAD signature"):
        run(*gpg, "--verify", "signature", "content", cwd=tmp_path)


def test_gpg_decrypts_what_travels(gpg: list[str], tmp_path: Path) -> None:
    def protect(entity: bytes) -> bytes:
        return encrypted(run(*gpg, "--armor", "--encrypt", "-r", "ann@example.org", data=entity,
                             cwd=tmp_path), unique=TOKEN)

    raw = bytes(Message(from_="ann@example.org", text="secret", protect=protect).build(
        now=NOW, unique=TOKEN))
    assert b"secret" not in raw
    inside = run(*gpg, "--decrypt", data=parse(raw).root.children[1].content, cwd=tmp_path)
    assert parse(inside).text == "secret\n"


@pytest.fixture
def openssl(tmp_path: Path) -> str:
    found = str(program("openssl", "openssl"))
    run(found, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
        "cert.pem", "-subj", "/CN=ann@example.org", "-days", "2", cwd=tmp_path)
    return found


def test_openssl_verifies_and_decrypts(openssl: str, tmp_path: Path) -> None:
    def sign(entity: bytes) -> bytes:
        signature = run(openssl, "cms", "-sign", "-binary", "-signer", "cert.pem", "-inkey",
                        "key.pem", "-outform", "DER", "-md", "sha256", data=entity, cwd=tmp_path)
        return signed(entity, signature, protocol="application/pkcs7-signature", micalg="sha-256",
                      unique=TOKEN)

    def hide(entity: bytes) -> bytes:
        return enveloped(run(openssl, "cms", "-encrypt", "-binary", "-aes256", "-outform", "DER",
                             "cert.pem", data=entity, cwd=tmp_path))

    raw = bytes(Message(from_="ann@example.org", text="Grüße", attach=[("a", b"\0")],
                        protect=sign).build(now=NOW, unique=TOKEN))
    run(openssl, "cms", "-verify", "-CAfile", "cert.pem", "-purpose", "any", data=raw, cwd=tmp_path)
    raw = bytes(Message(from_="ann@example.org", text="Grüße", protect=hide).build(
        now=NOW, unique=TOKEN))
    inside = run(openssl, "cms", "-decrypt", "-recip", "cert.pem", "-inkey", "key.pem", data=raw,
                 cwd=tmp_path)
    assert parse(inside).text == "Grüße\n"
