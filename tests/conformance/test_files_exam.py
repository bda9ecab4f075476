"""Every file scheme takes the published exam, sync and async, against the lab.

A scheme is one line of `ENTRANTS`: where it is examined, and what it does not offer. A check that
needs what is not offered is skipped and says so; that nothing else is missing has a test.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.schemes import SCHEMES, scheme_of
from postel.testing import files_async, files_sync
from postel.testing.outside import FolderOutside, NotOffered, Outside, ServedOutside, offered
from postel.transfer import sites_async, sites_sync

_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where a scheme is examined: a URL, keywords of its client, and a way past it."""

    url: str
    outside: Outside
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entrant:
    """A scheme that takes the exam.

    Args:
        name: of the scheme, with what is particular behind a dash.
        place: makes its place, of a lab and an empty folder here.
        lacks: what it does not offer.
        wrong: checks that it is known to fail, each with the reason.
    """

    name: str
    place: Callable[[lab.Lab, Path], Place]
    lacks: frozenset[str] = frozenset()
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def scheme(self) -> str:
        return self.name.partition("-")[0]

    @property
    def verbs(self) -> Sequence[str]:
        return scheme_of(self.scheme, "read").verbs


def of_lab(scheme: str, service: str) -> Callable[[lab.Lab, Path], Place]:
    """In the lab, as alice, on the tree of *service*."""
    def place(here: lab.Lab, folder: Path) -> Place:
        return Place(here.url(scheme, user="alice"), ServedOutside(here.services[service].files),
                     {"password": "secret"})
    return place


def on_disk(here: lab.Lab, folder: Path) -> Place:
    return Place(f"file://{folder}/", FolderOutside(Path("/")), {"durable": False})


def of_tftp(here: lab.Lab, folder: Path) -> Place:
    return Place(here.url("tftp"), ServedOutside(here.tftp.files))


def of_scp(here: lab.Lab, folder: Path) -> Place:
    found = of_lab("sftp", "sftp")(here, folder)
    return Place(f"scp{found.url.removeprefix('sftp')}", found.outside, found.options)


class MemoryOutside:
    """The memory of fsspec."""

    def __init__(self) -> None:
        import fsspec

        self.system = fsspec.filesystem("memory")

    def put(self, path: str, data: bytes) -> None:
        self.folder(path.rpartition("/")[0])
        self.system.pipe_file(f"/exam{path}", data)

    def folder(self, path: str) -> None:
        self.system.makedirs(f"/exam{path}", exist_ok=True)

    def get(self, path: str) -> bytes | None:
        path = f"/exam{path}"
        return self.system.cat_file(path) if self.system.isfile(path) else None


def in_memory(here: lab.Lab, folder: Path) -> Place:
    return Place("memory://exam/", MemoryOutside())


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENTRANTS = (
    Entrant("ftp", of_lab("ftp", "ftp"), words("copy")),
    Entrant("ftps", of_lab("ftps", "ftp"), words("copy")),
    Entrant("file", on_disk, words("")),
    Entrant("http", of_lab("http", "http"), words(
        "copy make rename resume_write set_mode set_modified sizes digests")),
    Entrant("https", of_lab("https", "http"), words(
        "copy make rename resume_write set_mode set_modified sizes digests")),
    Entrant("dav", of_lab("webdav", "webdav"), words("digests resume_write set_mode set_modified")),
    Entrant("davs", of_lab("webdavs", "webdav"), words("digests resume_write set_mode set_modified")),
    Entrant("sftp", of_lab("sftp", "sftp"), words("digests")),
    Entrant("scp", of_scp, words("digests")),
    Entrant("tftp", of_tftp, words(
        "copy digests list make remove rename resume_read resume_write set_mode "
        "set_modified times")),
    Entrant("memory", in_memory, words("digests resume_write set_mode set_modified"),
            dict.fromkeys(("writing_where_no_folder_is", "a_folder_without_the_one_above"),
                          "folders of that store make themselves")),
)
CASES = [(entrant, index) for entrant in ENTRANTS for index in range(len(files_sync.CHECKS))]
ALIKE = {"https", "davs", "scp"}
"""Schemes of a client that is examined under another name, too: once, sync, is enough for them."""
NAMES = [f"{entrant.name}-{files_sync.CHECKS[index].name}" for entrant, index in CASES]
QUICK = {"sync": {"ftp", "file"}, "async": {"file", "memory"}}
"""Who is examined in the quick suite; the others with the long tests."""


def cases(side: str, left_out: set[str]) -> list[Any]:
    """The checks of each entrant for one side, marked by how long they may take."""
    return [pytest.param(entrant, index, id=name,
                         marks=() if entrant.name in QUICK[side] else pytest.mark.slow)
            for (entrant, index), name in zip(CASES, NAMES, strict=True)
            if entrant.name not in left_out]


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start() as started:
        yield started


@pytest.fixture
def place(here: lab.Lab, tmp_path: Path) -> Callable[[Entrant], tuple[Place, str]]:
    """The place of an entrant, and a fresh folder there."""
    def make(entrant: Entrant) -> tuple[Place, str]:
        folder = tmp_path / "there"
        folder.mkdir()
        found = entrant.place(here, folder)
        _, path = sites_sync.open_site(found.url, "read", **found.options)
        top = f"{path.rstrip('/')}/exam-{next(_numbers)}"
        found.outside.folder(top)
        return found, top
    return make


@pytest.mark.parametrize(("entrant", "index"), cases("sync", set()))
def test_sync(entrant: Entrant, index: int, place: Any, tmp_path: Path) -> None:
    check, (found, top) = files_sync.CHECKS[index], place(entrant)
    (tmp_path / "here").mkdir()
    site, _ = sites_sync.open_site(found.url, "read", **found.options)
    with known(entrant, check.name), site:
        files_sync.take(check, files_sync.Ground(
            site, top, tmp_path / "here", entrant.verbs, found.outside))


@pytest.mark.parametrize(("entrant", "index"), cases("async", ALIKE))
def test_async(entrant: Entrant, index: int, place: Any, tmp_path: Path) -> None:
    check, (found, top) = files_async.CHECKS[index], place(entrant)
    (tmp_path / "here").mkdir()

    async def main() -> None:
        site, _ = sites_async.open_site(found.url, "read", **found.options)
        async with site:
            await files_async.take(check, files_async.AsyncGround(
                site, top, tmp_path / "here", entrant.verbs, found.outside))

    with known(entrant, check.name):
        asyncio.run(main())


class known:
    """Turns what is not offered into a skip that says so, and a known failure into an xfail."""

    def __init__(self, entrant: Entrant, name: str) -> None:
        self.reason, self.name = entrant.wrong.get(name), name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: object) -> None:
        if isinstance(error, NotOffered):
            pytest.skip(str(error))
        if self.reason is not None and error is None:
            pytest.fail(f"{self.name} passes now; it was known to fail: {self.reason}")
        if self.reason is not None and isinstance(error, Exception | AssertionError):
            pytest.xfail(self.reason)


@pytest.mark.parametrize("entrant", ENTRANTS, ids=lambda entrant: entrant.name)
def test_nothing_else_is_missing(
        entrant: Entrant, place: Any, record_property: Callable[[str, object], None]) -> None:
    found, _ = place(entrant)
    site, _ = sites_sync.open_site(found.url, "read", **found.options)
    with site:
        offers = offered(site.files.features, entrant.verbs)
    every = frozenset().union(*(check.needs for check in files_sync.CHECKS))
    assert every - offers == entrant.lacks
    taken = sum(check.needs <= offers for check in files_sync.CHECKS)
    record_property("exam", f"{entrant.name}: {taken} of {len(files_sync.CHECKS)} checks")


def test_the_exam_is_large_and_its_checks_have_names_of_their_own() -> None:
    names = [check.name for check in files_async.CHECKS]
    assert len(names) == len(set(names)) >= 60
    assert names == [check.name for check in files_sync.CHECKS]
    assert all(check.about.rstrip().endswith((".", "."))for check in files_async.CHECKS)


_SAME = {"webdav", "webdavs"}
"""Other names of schemes that take it."""


def test_every_file_scheme_takes_the_exam() -> None:
    examined = {entrant.scheme for entrant in ENTRANTS}
    assert {name for name, one in SCHEMES.items() if one.family == "files"} - _SAME <= examined
