"""Keys: in a keyring, in an encrypted file, and commands that tell them."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel.errors import AuthenticationError, NotSupported, ProtocolError, UsageError
from postel.mail.commands import told_by
from postel.mail.keys import KeyFile, Keyring, open_keys
from postel.secrets import Secret

COST = 1 << 4


def file_at(path: Path, word: str = "open sesame") -> KeyFile:
    return KeyFile(path, lambda new: Secret(word), cost=COST)


def test_a_file_keeps_keys(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys"
    keys = file_at(path)
    assert keys.get("mail.example.org", "ann") is None
    assert not path.exists()
    keys.put("mail.example.org", "ann", Secret("hünter2"))
    keys.put("mail.example.org", "bob", Secret("x"))
    assert path.stat().st_mode & 0o777 == 0o600
    again = file_at(path)
    assert again.get("mail.example.org", "ann") == Secret("hünter2")
    assert again.get("smtp.example.org", "ann") is None
    assert again.remove("mail.example.org", "bob")
    assert not again.remove("mail.example.org", "bob")
    assert b"ann" not in path.read_bytes()
    assert [one.name for one in path.parent.iterdir() if one.name != ".keys.lock"] == ["keys"]


def test_the_salt_and_the_nonce_are_fresh(tmp_path: Path) -> None:
    keys, seen = file_at(tmp_path / "keys"), set()
    for _ in range(3):
        keys.put("h", "u", Secret("x"))
        header = json.loads((tmp_path / "keys").read_bytes().split(b"\n")[0])
        seen |= {header["salt"], header["nonce"]}
    assert len(seen) == 6


def test_a_wrong_passphrase_and_a_changed_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    file_at(path).put("h", "u", Secret("x"))
    with pytest.raises(AuthenticationError, match="passphrase is wrong") as caught:
        file_at(path, "shazam").get("h", "u")
    assert "POSTEL_PASSPHRASE" in caught.value.hint
    with pytest.raises(AuthenticationError):
        file_at(path, "shazam").put("h", "u", Secret("y"))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"cost": 16', b'"cost": 32'))
    with pytest.raises(AuthenticationError, match="the file was changed"):
        file_at(path).get("h", "u")
    for at in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        try:
            found = file_at(path).get("h", "u")
        except (AuthenticationError, ProtocolError):
            continue
        assert found == Secret("x")  # a bit of base64's padding that says nothing
    path.write_bytes(whole)
    assert file_at(path).get("h", "u") == Secret("x")


@pytest.mark.parametrize("data", [
    b"", b"hello", b"{}\n", b"[]\nAA==", b"[" * 50_000 + b"\n",
    b'{"postel": "keys 1", "cost": 1073741824, "salt": "", "nonce": ""}\nAA==',
    b'{"postel": "keys 1", "cost": 3, "salt": "", "nonce": ""}\nAA==',
    b'{"postel": "keys 1", "cost": "x", "salt": "", "nonce": ""}\nAA==',
])
def test_files_that_are_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "keys"
    path.write_bytes(data)
    with pytest.raises(ProtocolError):
        file_at(path).get("h", "u")


def _put(path: str, number: int) -> None:
    for at in range(5):
        file_at(Path(path)).put("h", f"{number}.{at}", Secret("x"))


@pytest.mark.slow
def test_several_programs_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_put, args=(str(path), n)) for n in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(40)
    assert [one.exitcode for one in workers] == [0, 0, 0]
    keys = file_at(path)
    assert all(keys.get("h", f"{n}.{at}") for n in range(3) for at in range(5))


# -- the keyring -------------------------------------------------------------------------------


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], str]]:
    keyring = pytest.importorskip("keyring")
    kept: dict[tuple[str, str], str] = {}

    class Memory(keyring.backend.KeyringBackend):  # type: ignore[name-defined, misc]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            if username == "locked":
                raise RuntimeError("the collection is locked")
            return kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del kept[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    yield kept
    keyring.set_keyring(before)


def test_the_keyring_keeps_keys(ring: Any, tmp_path: Path) -> None:
    keys = open_keys(path=tmp_path / "keys")
    assert isinstance(keys, Keyring)
    keys.put("mail.example.org", "ann", Secret("x"))
    assert ring == {("postel:mail.example.org", "ann"): "x"}  # where the other verbs look too
    assert keys.get("mail.example.org", "ann") == Secret("x")
    assert keys.remove("mail.example.org", "ann")
    assert not keys.remove("mail.example.org", "ann")
    with pytest.raises(AuthenticationError, match="RuntimeError: the collection is locked"):
        keys.get("mail.example.org", "locked")
    file_at(tmp_path / "keys").put("h", "u", Secret("x"))
    assert isinstance(open_keys(path=tmp_path / "keys"), KeyFile)  # it was chosen before
    assert isinstance(open_keys("keyring", path=tmp_path / "keys"), Keyring)


def test_without_a_keyring_there_is_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = pytest.importorskip("keyring")
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(NotSupported, match="this machine has none"):
            open_keys("keyring")
        keys = open_keys(path=tmp_path / "keys")
    finally:
        keyring.set_keyring(before)
    assert isinstance(keys, KeyFile)
    monkeypatch.delenv("POSTEL_PASSPHRASE", raising=False)
    with pytest.raises(AuthenticationError, match="there is none") as caught:
        keys.put("h", "u", Secret("x"))
    assert caught.value.hint == "set POSTEL_PASSPHRASE"
    monkeypatch.setenv("POSTEL_PASSPHRASE", "mellon")
    keys.put("h", "u", Secret("x"))
    assert keys.name == str(tmp_path / "keys")


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="not installed") as caught:
        open_keys("keyring")
    assert "postel[keyring]" in caught.value.hint
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(UsageError, match="cryptography is not installed"):
        file_at(tmp_path / "keys").put("h", "u", Secret("x"))


# -- commands ----------------------------------------------------------------------------------


def test_commands_that_tell() -> None:
    assert told_by("echo first; echo second").reveal() == "first"
    assert told_by(("printf", "a b\r\n")).reveal() == "a b"


@pytest.mark.parametrize(("command", "what"), [
    ("echo 'no\x1b[2J key' >&2; exit 3", r"it ended with 3: no\\x1b\[2J key"),
    ("true", "it printed nothing"), (("no-such-command-here",), "No such file"),
    (("sleep", "5"), "no answer in 0 s"), (("a\0b",), "null byte"),
])
def test_commands_that_do_not(command: Any, what: str) -> None:
    with pytest.raises(AuthenticationError, match=what):
        told_by(command, timeout=0.3)
