"""Host keys on record, for asyncssh: the same files and the same rules as ssh(1)'s.

Disk code, blocking; loaded only where asyncssh is used. Records are read by asyncssh (hashed
names, wildcards, authorities, revoked keys); what is decided here is which record counts, and what
happens to a key that has none.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command import Goal
from .launch import SSH_PORT
from .types import SSHOptions

if TYPE_CHECKING:
    from asyncssh import SSHKey

__all__ = ["Records"]

_SYSTEM = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


class Records:
    """What is on record about one host.

    Args:
        goal: which host.
        options: which files; whether a new key is accepted.
    """

    def __init__(self, goal: Goal, options: SSHOptions) -> None:
        self._goal, self._options = goal, options
        self._found: Any = ((), (), (), (), (), (), ())
        self.name = options.host_key_alias or (goal.host if goal.address else None)
        own = Path(options.known_hosts or "~/.ssh/known_hosts").expanduser()
        self.file = own
        self.files = [own] if options.known_hosts else [own, *map(Path, _SYSTEM)]

    def find(self, host: str, addr: str, port: int | None) -> Any:
        """What asyncssh shall trust for *host*."""
        import asyncssh

        if self._options.fingerprint is not None:
            return ((), (), (), (), (), (), ())
        text = []
        for file in self.files:
            with contextlib.suppress(OSError):
                text.append(file.read_text("utf-8", "replace"))
        known = asyncssh.import_known_hosts("\n".join(text))
        self._port = None if self.name or port == SSH_PORT else port
        self._host = self.name or host
        self._found = asyncssh.match_known_hosts(known, self._host, "", self._port)
        return self._found

    @property
    def has_other(self) -> bool:
        """Whether there is a key on record, though not the one that was shown."""
        return bool(self._found[0])

    @property
    def place(self) -> str:
        """The name that the key is on record under."""
        return f"[{self._host}]:{self._port}" if self._port else self._host

    def accepts(self, key: SSHKey) -> bool:
        """Whether *key*, which is not on record, may be taken; puts it there if so."""
        if self._options.fingerprint is not None:
            return bool(key.get_fingerprint() == self._options.fingerprint)
        if not self._options.tofu or self.has_other:
            return False
        line = key.export_public_key().decode("ascii").split()[:2]
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(number, "a", encoding="ascii") as file:
            file.write(f"{self.place} {' '.join(line)}\n")
        return True
