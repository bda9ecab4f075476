"""``postel get`` in pieces: mirrors of a file, a Metalink, or one large file in segments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..urls import URL, unquote
from ..wire.names import safe_name
from ..wire.text import display
from .options import Settings, location
from .render import Bar, print_json, size, would
from .rules import options_for

if TYPE_CHECKING:
    from ..transfer.pace_sync import Throttle

__all__ = ["METALINK", "Pieces", "place"]

METALINK = ".meta4"
"""How the names of Metalinks end (RFC 5854 section 8.1)."""


def place(text: str) -> URL:
    """The URL that an argument is; a Metalink may also be a path of this machine."""
    if text.endswith(METALINK) and "://" not in text:
        from ..transfer.places import place_of

        return place_of(text)
    return location(text)


@dataclass
class Pieces:
    """Fetches files over several connections each."""

    settings: Settings
    bar: Bar
    as_json: bool
    rate: Throttle | None
    directory: Path
    output: str | None
    connections: int
    resume: bool

    def file(self, urls: list[URL], *, dry_run: bool = False) -> None:
        """One file, from all of *urls*."""
        from ..transfer.pieces_sync import get_pieces

        for url in urls:
            if url.path.endswith("/"):
                raise UsageError(f"{url}: that is a folder", hint="-r fetches folders")
        target = self._target(urls[0].path.rpartition("/")[2])
        if dry_run:
            would("get", str(target), as_json=self.as_json,
                  **{"from": ", ".join(str(url) for url in urls)})
            return
        try:
            path = get_pieces(urls, target, connections=self.connections, resume=self.resume,
                              progress=self.bar, rate=self.rate, options=self._options)
        finally:
            self.bar.done()
        self._tell(path, str(urls[0]))

    def metalink(self, url: URL, *, dry_run: bool = False) -> None:
        """All files of a Metalink."""
        from ..transfer.pieces_sync import get_pieces, read_metalink

        files = read_metalink(url, rate=self.rate, options=self._options)
        if self.output is not None and len(files) > 1:
            raise UsageError(f"-o names one file, and the Metalink lists {len(files)}",
                             hint="use -d FOLDER")
        for one in files:
            target = self.directory / one.name if self.output is None else self._target(one.name)
            if dry_run:
                would("get", str(target), as_json=self.as_json,
                      **{"from": ", ".join(str(where) for where in one.urls)})
                continue
            if not one.digests and not one.pieces:
                self.settings.say(f"{display(one.name)}: the Metalink has no digest of it that is "
                                  "known here; it is not checked")
            count = max(self.connections, len(one.urls))
            try:
                path = get_pieces(one.urls, target, connections=count, metalink=one,
                                  resume=self.resume, progress=self.bar, rate=self.rate,
                                  options=self._options)
            finally:
                self.bar.done()
            self._tell(path, str(url))

    def _target(self, name: str) -> Path:
        path = self.directory if self.output is None else Path(self.output)
        return path / safe_name(unquote(name)) if path.is_dir() else path

    def _options(self, url: URL) -> dict[str, object]:
        return options_for(self.settings, url)

    def _tell(self, path: Path, url: str) -> None:
        count = path.stat().st_size
        if self.as_json:
            print_json({"url": url, "path": str(path), "size": count})
        else:
            self.settings.say(f"{display(str(path))}  {size(count)}")
