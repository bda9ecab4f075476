"""One piece of work, as every contender is told it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """What to do, and where.

    Args:
        action: "retr", "stor", "tree", "tree-up", "list" or "mail".
        host: address of the server; `port`, `user` and `password` go with it.
        security: "plain" or "starttls" (AUTH TLS on the control and the data connection).
        ca: file of the authority that signed the server's certificate; for SSH, of ssh_config(5).
        remote: path on the server, from its root.
        local: file or folder on this side: the target, or the source of an upload.
        scratch: folder for a contender's own files.
        count: number of files, entries or messages.
        connections: how many connections a Python contender may use at once.
        block: bytes a Python contender reads at once; 0 for its default.
        mode: "sync" or "async", for contenders that have both.
    """

    action: str
    host: str
    port: int
    user: str
    password: str
    security: str
    ca: str
    remote: str
    local: str
    scratch: str
    count: int = 0
    connections: int = 1
    block: int = 0
    mode: str = "sync"

    def url(self, path: str | None = None, scheme: str = "ftp") -> str:
        """The URL of *path* (of `remote` by default), without user and password."""
        return f"{scheme}://{self.host}:{self.port}{quote(self.remote if path is None else path)}"

    def file(self, name: str, text: str) -> str:
        """Write a private file for the contender; returns its path."""
        path = Path(self.scratch) / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def but(self, **changes: int | str) -> Job:
        """The same job with other numbers."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def to_json(self) -> str:
        """For the command line of a Python contender."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """The other way round."""
        return cls(**json.loads(text))
