# A conversation (its twin check_sync.py is generated): files held against a list of digests.
"""Check files, anywhere, against ``SHA256SUMS`` or a Metalink, which may be anywhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ..errors import ChecksumMismatch, Incomplete, LimitReached, PostelError, UsageError
from ..session.trees_async import is_one
from ..transport.crew_async import AsyncCrew
from .digests_async import digest_of
from .inventory_async import more_trees
from .metalink import parse_metalink
from .mirror_async import AsyncEnds, Place
from .pace_async import AsyncThrottle
from .rates import Rate
from .sums import Sum, parse_sums
from .tree_async import AsyncTree, useful

__all__ = ["SumsResult", "check_sums", "read_whole"]

LARGEST = 64 << 20
"""Bytes of a list, or of a Metalink document."""


@dataclass
class SumsResult:
    """What a check against a list of digests found.

    Args:
        good: names of files that are what the list says.
        bad: each other name, with its error: another digest, another size, or not there.
    """

    good: list[str] = field(default_factory=list)
    bad: list[tuple[str, PostelError]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all files are what the list says."""
        return not self.bad


async def check_sums(
    sums: Place,
    place: Place,
    *,
    connections: int = 4,
    rate: Rate | AsyncThrottle | None = None,
    tell: Callable[[str], object] | None = None,
    source_options: dict[str, Any] | None = None,
    target_options: dict[str, Any] | None = None,
) -> SumsResult:
    """Hold the files of a folder against a list of digests.

    Args:
        sums: URL or path of the list: as ``sha256sum`` and its kin write it, or a Metalink
            (``.meta4``).
        place: URL or path of the folder that its names are seen from.
        connections: how many are used at once, where that hides round trips.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        tell: called with each name, before it is checked.
        source_options: keywords of the client for *sums*.
        target_options: keywords of the client for *place*.

    Returns:
        A `SumsResult`. Digests are computed by the server where it can, else by reading.

    Raises:
        UsageError: the list is none.
        NotFound: there is no such list.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("a.txt").write_bytes(b"")
        >>> _ = Path("MD5SUMS").write_text("d41d8cd98f00b204e9800998ecf8427e  a.txt")
        >>> (await check_sums("MD5SUMS", ".")).good
        ['a.txt']
    """
    ends = AsyncEnds(sums, place, rate=rate, source_options=source_options,
                     target_options=target_options)
    result = SumsResult()
    async with ends as (ours, theirs):
        data = await read_whole(ours)
        wanted = _wanted(data, ours.top)
        found = await _check_all(theirs, wanted, connections, tell)
    for (one, _), problem in zip(wanted, found, strict=True):
        if problem is None:
            result.good.append(one.name)
        else:
            result.bad.append((one.name, problem))
    return result


async def _check_all(
    tree: AsyncTree, wanted: list[tuple[Sum, int | None]], connections: int,
    tell: Callable[[str], object] | None,
) -> list[PostelError | None]:
    """What is wrong with each file, over as many connections as are worth their while."""
    found: list[PostelError | None] = [None] * len(wanted)
    waiting, trees = deque(range(len(wanted))), [tree]

    async def some(one: AsyncTree) -> None:
        while waiting:
            try:
                index = waiting.popleft()
            except IndexError:
                return  # another worker was faster
            due, size = wanted[index]
            if tell is not None:
                tell(due.name)
            try:
                await _check(one, due, size)
            except PostelError as error:
                found[index] = error

    try:
        await more_trees(trees, useful(tree, connections, len(wanted)))
        async with AsyncCrew() as crew:
            for extra in trees[1:]:
                crew.start(some, extra)
            await some(tree)
    finally:
        for extra in trees[1:]:
            await extra.site.aclose()
    return found


async def read_whole(tree: AsyncTree) -> bytes:
    """The bytes of the file that *tree*'s top is.

    Raises:
        LimitReached: it has over `LARGEST`.
    """
    found = bytearray()
    async with tree.files.read(tree.top) as reading:
        async for chunk in reading:
            found += chunk
            if len(found) > LARGEST:
                raise LimitReached(f"read {tree.name}: a list of over {LARGEST:,} bytes")
    return bytes(found)


def _wanted(data: bytes, name: str) -> list[tuple[Sum, int | None]]:
    """What a list says: digests, and sizes where it tells them."""
    if data.lstrip()[:1] == b"<":
        files = parse_metalink(data)
        return [(Sum(one.name, *one.digests[0]), one.size) for one in files if one.digests]
    found = parse_sums(data.decode("utf-8", "surrogateescape").splitlines())
    if not found:
        raise UsageError(f"{name}: there is no digest in it")
    return [(one, None) for one in found]


async def _check(tree: AsyncTree, one: Sum, size: int | None) -> None:
    """Raise unless a file is what the list says."""
    parts = PurePosixPath(one.name).parts
    if not parts or not all(map(is_one, parts)):
        raise UsageError(f"check {one.name!r}: that is no name below the folder")
    path = tree.at("/".join(parts))
    if size is not None:
        entry = await tree.files.stat(path)
        if entry.exact_size is not None and entry.exact_size != size:
            raise Incomplete(f"check {one.name}: {entry.exact_size:,} bytes, {size:,} are due")
    found = await digest_of(tree.files, path, one.algorithm)
    if found != one.digest:
        raise ChecksumMismatch(f"check {one.name}: {one.algorithm} is {found}, {one.digest} is due")
