# GENERATED from test_web_heads_async.py by tools/unasync.py: edit that file, not this one.
"""Many HEADs ahead of their answers: the same as one after the other, whatever the server does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from http_peer import Asked, HTTPPeer

from postel import lab
from postel.http.site_sync import Site
from postel.types import Outcome

PATHS = ["a.bin", "missing", "more", "more/b c.txt", "more/", "empty", "a.bin", ".", ""]


@pytest.fixture(scope="module")
def here() -> Iterator[Any]:
    with lab.start("http") as started:
        started.http.files.put("/pub/a.bin", b"12345")
        started.http.files.put("/pub/more/b c.txt", b"hello")
        started.http.files.put("/pub/empty", b"")
        yield started


def both(site: Site, paths: list[str]) -> tuple[list[Any], list[Any]]:
    many = [one for one in site.files.stat_many(paths)]
    single = []
    for path in paths:
        try:
            single.append(Outcome(path, site.files.stat(path)))
        except OSError as error:
            single.append(Outcome(path, error=error))
    return [said(one) for one in many], [said(one) for one in single]


def said(one: Any) -> tuple[Any, ...]:
    if one.error is not None:
        return one.path, type(one.error), str(one.error)
    return one.path, one.value.name, one.value.kind, one.value.size, one.value.modified


@pytest.mark.parametrize("habit", [None, "405 to HEAD", "HEAD without length",
                                   "one request a connection", "no validators"])
def test_many_are_what_each_is(here: Any, habit: str | None) -> None:
    here.http.quirks(*([habit] if habit else []))
    try:
        with Site(f"http://127.0.0.1:{here.http.port}/pub/", timeout=10.0) as site:
            many, single = both(site, PATHS * 9)
        assert many == single
    finally:
        here.http.quirks()


def test_a_few_are_taken_and_the_rest_left(here: Any) -> None:
    with Site(f"http://127.0.0.1:{here.http.port}/pub/", timeout=10.0) as site:
        with site.files.stat_many(["a.bin"] * 500) as found:
            for one in found:
                assert one.value.size == 5
                break
        assert (site.stat("a.bin")).size == 5


@pytest.mark.parametrize("body", [b"hello", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nbroken", b"x" * 70_000])
def test_a_server_that_sends_bodies_to_head(body: bytes) -> None:
    def play(asked: Asked) -> bytes:
        size = len(asked.target.rpartition("/")[2])
        return f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + body

    names = ["one", "three", "fourteen more", "x"] * 5
    with HTTPPeer(play) as peer:
        with Site(peer.url + "/", timeout=5.0) as site:
            sizes = [one.value and one.value.size for one in site.files.stat_many(names)]
    assert sizes == [len(name.replace(" ", "%20")) for name in names]
