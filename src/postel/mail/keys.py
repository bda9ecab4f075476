"""Where passwords and tokens are kept: the system's keyring, or an encrypted file. Disk.

A secret is kept by place and user. The place of a password is the server's host, the place of
tokens who gave them: so a changed account file never takes a secret to another host.

The file holds AES-256-GCM over JSON, with a key that scrypt makes of a passphrase (RFC 7914);
salt and nonce are fresh at each writing, and the header is authenticated.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

from ..errors import AuthenticationError, NotSupported, ProtocolError, UsageError
from ..secrets import Secret
from ..wire.text import display
from .private import config_folder, locked, read_private, write_private

__all__ = ["KeyFile", "Keyring", "Keys", "KindOfKeys", "open_keys"]

KindOfKeys = Literal["auto", "keyring", "file"]
LARGEST = 4 << 20
"""Bytes of the encrypted file."""
_COST = 1 << 15  # scrypt's N: 32 MiB, about a tenth of a second
_DEAREST = 1 << 20  # a file that asks for more is somebody's trap
_BLOCK = 8


class Keys(Protocol):
    """A place for secrets."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    def get(self, place: str, user: str) -> Secret | None:
        """The secret of *user* at *place*; None where there is none."""

    def put(self, place: str, user: str, secret: Secret) -> None:
        """Keep a secret, instead of the one before."""

    def remove(self, place: str, user: str) -> bool:
        """Forget a secret; whether there was one."""


class Keyring:
    """The system's keyring, by the package ``keyring``.

    Raises:
        UsageError: the package is not installed.
        NotSupported: this machine has no keyring.
    """

    name = "the keyring"

    def __init__(self) -> None:
        try:
            import keyring
            from keyring.backends import fail
        except ImportError:
            raise UsageError("the keyring: the package keyring is not installed",
                             hint="pip install 'postel[keyring]'") from None
        self._keyring: Any = keyring
        if isinstance(keyring.get_keyring(), fail.Keyring):
            raise NotSupported("the keyring: this machine has none that can be used",
                               hint="keep keys in an encrypted file: keys = \"file\"")

    def get(self, place: str, user: str) -> Secret | None:
        """The secret of *user* at *place*; None where there is none."""
        found = self._call("get_password", f"postel:{place}", user)
        return None if found is None else Secret(str(found))

    def put(self, place: str, user: str, secret: Secret) -> None:
        """Keep a secret, instead of the one before."""
        self._call("set_password", f"postel:{place}", user, secret.reveal())

    def remove(self, place: str, user: str) -> bool:
        """Forget a secret; whether there was one."""
        if self.get(place, user) is None:
            return False
        self._call("delete_password", f"postel:{place}", user)
        return True

    def _call(self, name: str, *words: str) -> Any:
        try:
            return getattr(self._keyring, name)(*words)
        except Exception as error:  # backends have errors of their own
            raise AuthenticationError(
                f"the keyring: {type(error).__name__}: {display(str(error)[:200])}",
                hint="is it locked? keys = \"file\" keeps them in an encrypted file") from None


class KeyFile:
    """An encrypted file.

    Args:
        path: of the file; it need not be there yet.
        passphrase: asked for it when it is first needed; the argument says whether it is new.
        cost: scrypt's N for what is written; None takes the usual one.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     keys = KeyFile(Path(folder) / "keys", lambda new: Secret("open sesame"))
        ...     keys.put("mail.example.org", "ann", Secret("hunter2"))
        ...     keys.get("mail.example.org", "ann"), b"hunter2" in keys.path.read_bytes()
        (Secret(***), False)
    """

    def __init__(self, path: Path | str, passphrase: Callable[[bool], Secret], *,
                 cost: int | None = None) -> None:
        self.path = Path(path)
        self._ask, self._cost = passphrase, _COST if cost is None else cost
        self._word: Secret | None = None
        self._derived: dict[tuple[bytes, int], bytes] = {}

    @property
    def name(self) -> str:
        """What it is, for people."""
        return str(self.path)

    def get(self, place: str, user: str) -> Secret | None:
        """The secret of *user* at *place*; None where there is none."""
        found = self._load().get(_key(place, user))
        return None if found is None else Secret(found)

    def put(self, place: str, user: str, secret: Secret) -> None:
        """Keep a secret, instead of the one before."""
        with locked(self.path):
            self._save({**self._load(), _key(place, user): secret.reveal()})

    def remove(self, place: str, user: str) -> bool:
        """Forget a secret; whether there was one."""
        with locked(self.path):
            secrets = self._load()
            if secrets.pop(_key(place, user), None) is None:
                return False
            self._save(secrets)
        return True

    def _load(self) -> dict[str, str]:
        data = read_private(self.path, largest=LARGEST)
        if data is None:
            return {}
        try:
            header, sealed = data.split(b"\n", 1)
            record = json.loads(header)
            salt, nonce = (base64.b64decode(record[name]) for name in ("salt", "nonce"))
            cost = record["cost"]
            if record["postel"] != "keys 1" or not isinstance(cost, int):
                raise ValueError
            content = base64.b64decode(sealed)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ProtocolError(f"reading {self.path}: it is no file of keys") from None
        if not 2 <= cost <= _DEAREST or cost & (cost - 1):
            raise ProtocolError(f"reading {self.path}: it asks for a cost of {cost}")
        return self._opened(header, salt, nonce, cost, content)

    def _opened(self, header: bytes, salt: bytes, nonce: bytes, cost: int,
                content: bytes) -> dict[str, str]:
        aead, wrong = _cipher()
        try:
            plain = aead(self._key(salt, cost, new=False)).decrypt(nonce, content, header)
        except wrong:
            self._word = None
            self._derived.clear()
            raise AuthenticationError(
                f"opening {self.path}: the passphrase is wrong, or the file was changed",
                hint="it is the one that the file was made with; POSTEL_PASSPHRASE says it "
                     "where nobody can be asked") from None
        secrets: dict[str, str] = json.loads(plain)
        return secrets

    def _save(self, secrets: dict[str, str]) -> None:
        salt, nonce = os.urandom(16), os.urandom(12)
        record = {"postel": "keys 1", "cost": self._cost,
                  "salt": base64.b64encode(salt).decode(),
                  "nonce": base64.b64encode(nonce).decode()}
        header = json.dumps(record).encode()
        aead, _ = _cipher()
        key = self._key(salt, self._cost, new=not self.path.exists())
        sealed = aead(key).encrypt(nonce, json.dumps(secrets).encode(), header)
        write_private(self.path, header + b"\n" + base64.b64encode(sealed) + b"\n")

    def _key(self, salt: bytes, cost: int, *, new: bool) -> bytes:
        if self._word is None:
            self._word = self._ask(new)
        if (salt, cost) not in self._derived:
            self._derived = {(salt, cost): hashlib.scrypt(
                self._word.reveal().encode(), salt=salt, n=cost, r=_BLOCK, p=1, dklen=32,
                maxmem=256 * cost * _BLOCK + (1 << 20))}
        return self._derived[salt, cost]


def _key(place: str, user: str) -> str:
    return f"{user}@{place}"


def _cipher() -> tuple[Any, type[Exception]]:
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise UsageError("keys in an encrypted file: the package cryptography is not installed",
                         hint="pip install 'postel[keys]', or 'postel[keyring]'") from None
    return AESGCM, InvalidTag


def open_keys(
    kind: KindOfKeys = "auto", *, path: Path | str | None = None,
    passphrase: Callable[[bool], Secret] | None = None,
) -> Keys:
    """Where this machine keeps its keys.

    Args:
        kind: ``"keyring"``, ``"file"``, or ``"auto"``: the keyring where there is one and no file
            was made before.
        path: of the file; None: ``keys`` beside the accounts.
        passphrase: asked for the file's; None takes POSTEL_PASSPHRASE.

    Raises:
        UsageError: a package is not installed.
        NotSupported: there is no keyring.
    """
    place = Path(path) if path is not None else config_folder() / "keys"
    if kind == "keyring" or (kind == "auto" and not place.exists()):
        try:
            return Keyring()
        except (UsageError, NotSupported):
            if kind == "keyring":
                raise
    return KeyFile(place, passphrase or _from_environment)


def _from_environment(new: bool) -> Secret:
    word = os.environ.get("POSTEL_PASSPHRASE")
    if not word:
        raise AuthenticationError("the passphrase of the keys: there is none",
                                  hint="set POSTEL_PASSPHRASE")
    return Secret(word)
