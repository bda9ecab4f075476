"""The tour's rows of other file protocols: SFTP, HTTP, WebDAV, TFTP; the same verbs for all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from ..errors import Incomplete
from ..session.site_sync import FileSite
from ..transfer.verbs_sync import open_site, put
from ..urls import quote
from .tour_rows import Ground, Result, check, digests, weight

__all__ = ["ROWS"]


def _site(ground: Ground, scheme: str, path: str = "/") -> tuple[FileSite, str]:
    return open_site(ground.lab.url(scheme, user="alice", path=quote(path, "/")), "read",
                     password="secret")  # noqa: S106 - the lab's


def _some(ground: Ground) -> Path:
    """A part of the tree: what goes up and down in a moment."""
    return ground.tree / "encodings" if (ground.tree / "encodings").is_dir() else ground.tree


def sftp_tree(ground: Ground) -> Result:
    """SFTP: a tree up, and down again, many files in flight at once."""
    source, target = _some(ground), ground.folder / "sftp"
    site, _ = _site(ground, "sftp")
    with site:
        up = site.upload_tree(source, "/tree", progress=ground.bar)
        down = site.download_tree("/tree", target, progress=ground.bar)
    check(up.ok and down.ok, f"{len(up.failures) + len(down.failures)} files failed")
    check(digests(target) == digests(source), "digests differ")
    return Result(up.files + down.files, up.size + down.size, "SHA-256 of each",
                  ["the host's key was known; an unknown one would be refused"])


def http_resume(ground: Ground) -> Result:
    """HTTP: cut on purpose and gone on with; cut again and changed on purpose, and begun anew."""
    web = ground.lab.http
    old = hashlib.sha256(b"old").digest() * 131_072
    new = hashlib.sha256(b"new").digest() * 131_072
    target, told = ground.folder / "page.bin", []
    web.files.put("/page.bin", old)
    told.append(f"cut on purpose: {_cut(ground, target, len(old) // 3)}")
    asked = _fetch(ground, target)
    check("If-Range:" in asked and "Range: bytes=" in asked, "it began anew, or unguarded")
    check(target.read_bytes() == old, "the bytes differ")
    told.append("went on from there, on condition that it is still the same (If-Range)")
    target.unlink()
    _cut(ground, target, len(old) // 3)
    web.files.put("/page.bin", new)
    _fetch(ground, target)
    check(target.read_bytes() == new, "old bytes in the new file")
    told.append("cut and changed on purpose, same size: begun anew, not a byte of the old one")
    return Result(2, len(old) + len(new), "byte for byte", told)


def _cut(ground: Ground, target: Path, after: int) -> str:
    ground.lab.http.faults.on("GET", cut=after)
    try:
        _fetch(ground, target)
    except Incomplete as error:
        check(not target.exists(), "a part has the whole file's name")
        return str(error)
    check(False, "the cut was not noticed")
    return ""


def _fetch(ground: Ground, target: Path) -> str:
    """Fetch the page; what was asked for it."""
    site, path = _site(ground, "http", "/page.bin")
    with site:
        site.download(path, target, progress=ground.bar)
    return "\n".join(str(record) for record in site.trace.records  # type: ignore[attr-defined]
                     if record.who == "C")


def webdav(ground: Ground) -> Result:
    """WebDAV: a tree up, copied and moved on the server, and down again."""
    source, target = _some(ground), ground.folder / "webdav"
    site, _ = _site(ground, "webdavs")
    with site:
        up = site.upload_tree(source, "/tree", progress=ground.bar)
        site.files.rename("/tree", "/moved")
        first = min(path for path in source.iterdir() if path.is_file())
        site.files.copy(f"/moved/{first.name}", "/copy")
        down = site.download_tree("/moved", target, progress=ground.bar)
    check(up.ok and down.ok, f"{len(up.failures) + len(down.failures)} files failed")
    check(digests(target) == digests(source), "digests differ")
    check(ground.lab.webdav.files.get("/copy") == first.read_bytes(), "the copy differs")
    return Result(up.files + down.files, weight(source) * 2, "SHA-256 of each")


def tftp(ground: Ground) -> Result:
    """TFTP: an image up, and down again, though packets are lost on the way."""
    image = hashlib.sha256(b"image").digest() * 32_768
    source, target = ground.folder / "boot.img", ground.folder / "boot.back"
    source.write_bytes(image)
    url = ground.lab.url("tftp", path="/boot.img")
    put(source, url, progress=ground.bar)
    check(ground.lab.tftp.files.get("/boot.img") == image, "the server's copy differs")
    for number in (3, 40, 41, 90):
        ground.lab.tftp.harm.on("drop", of="DATA", nth=number)
    site, path = open_site(url, "read")
    with site:
        site.download(path, target, progress=ground.bar)
    check(hashlib.sha256(target.read_bytes()).digest() == hashlib.sha256(image).digest(),
          "digests differ")
    return Result(2, 2 * len(image), "SHA-256",
                  ["four packets were lost on purpose, and sent again"])


ROWS: tuple[tuple[str, Callable[[Ground], Result]], ...] = (
    ("SFTP: a tree up and down", sftp_tree),
    ("HTTP: resumed, or begun anew", http_resume),
    ("WebDAV: a tree up, copied, down", webdav),
    ("TFTP: an image, packets lost", tftp),
)
"""The rows, in order: a title, and the function that does it."""
