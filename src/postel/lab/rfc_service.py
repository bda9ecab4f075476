"""The lab's RFC server: a web server with the series, or with samples of it. Service code."""

from __future__ import annotations

from pathlib import Path

from ..serving.server import Users, Watcher
from .certificates import Authority
from .http_service import HTTPService
from .rfc_samples import sample_files

__all__ = ["RFCService"]


class RFCService(HTTPService):
    """A web server that has RFCs: those of the lab's folder, or a few that are made up.

    Texts are at ``/rfc/rfc30001.txt``, the index at ``/rfc-index.xml`` and ``.txt``, errata at
    ``/errata.json``; all faults of the web server work here, too.

    Example:
        >>> from postel import lab, rfc
        >>> with lab.start("rfc") as here:
        ...     memo = rfc.get(30001, folder="samples", sources=here.rfc.url)
        ...     memo.title, memo.obsoletes
        ('Sample Note Protocol', (20001,))
    """

    scheme = "http"

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        super().__init__(users, authority, root, watcher)
        if root is None:
            for path, data in sample_files().items():
                self.files.put(path, data)

    @property
    def url(self) -> str:
        """Where it is: a source for `postel.rfc`."""
        return f"http://127.0.0.1:{self.port}/"

    def load(self, folder: Path | str) -> int:
        """Serve the texts, the index and the errata of a folder, too; how many files these are.

        Args:
            folder: with ``rfc5321.txt``, ``rfc-index.txt`` …, as a mirror has them.
        """
        count = 0
        for path in sorted(Path(folder).iterdir()):
            is_text = path.name.startswith("rfc") and path.suffix == ".txt" and path.is_file()
            if is_text or path.name in ("rfc-index.xml", "errata.json"):
                below = "/rfc/" if path.stem[3:].isdecimal() else "/"
                self.files.put(below + path.name, path.read_bytes())
                count += 1
        return count
