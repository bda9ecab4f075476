"""The pure parts of the web servers against text that nobody would think of."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from postel.http.server_auth import Access
from postel.http.server_codings import chosen
from postel.http.server_conditions import precondition, still_the_same
from postel.http.server_connection import Target, composed
from postel.http.server_exchange import Exchange, Refusal
from postel.http.server_index import PAGES, page
from postel.http.server_options import CODINGS, HTTPOptions
from postel.serving.files import FileStatus
from postel.serving.server import Users
from postel.types import Kind

VALUES = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(['"a"', 'W/"a"', "*", ",", " ", "bytes=", "0-", "-1", ";q=", "gzip",
                              "Sun, 06 Nov 1994 08:49:37 GMT", "Digest ", 'username="alice"',
                              "nonce=x.y", "qop=auth", 'uri="/"', "realm=lab", "Basic ", "Og=="]),
             max_size=8).map("".join))
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1,
                max_size=80).filter(lambda name: name not in (".", ".."))


@given(st.text(max_size=80))
def test_targets(text: str) -> None:
    try:
        target = Target(text)
    except ValueError:
        return
    assert target.path == "*" or target.path.startswith("/")
    assert "?" not in target.raw


@given(st.binary(max_size=120))
def test_replies_of_the_script(reply: bytes) -> None:
    found = composed(reply)
    assert found is None or 100 <= found[0] <= 599


@given(st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
       st.dictionaries(st.sampled_from(["if-match", "if-none-match", "if-modified-since",
                                        "if-unmodified-since"]), VALUES),
       st.sampled_from([None, '"a"', 'W/"a"']), st.one_of(st.none(), st.floats(0, 4e9)))
def test_conditions(
    method: str, asked: dict[str, str], etag: str | None, modified: float | None
) -> None:
    found = precondition(method, asked, etag, modified)
    assert found in (None, 412) or (found == 304 and method in ("GET", "HEAD"))


@given(VALUES, st.sampled_from([None, '"a"', 'W/"a"']), st.floats(0, 4e9), st.floats(0, 4e9))
def test_if_range_never_trusts_what_is_weak(
    text: str, etag: str | None, modified: float, now: float
) -> None:
    if still_the_same(text, etag, modified, now):
        assert text.strip() == etag == '"a"' or now - modified >= 1


@given(VALUES)
def test_codings(text: str) -> None:
    assert chosen(text, CODINGS) in (None, *CODINGS)


@given(VALUES, st.sampled_from([("digest",), ("basic", "bearer"), ("digest", "basic", "bearer")]))
def test_nobody_gets_in_by_chance(text: str, auth: tuple[str, ...]) -> None:
    async def nothing(*_: object) -> None:
        raise AssertionError

    scope = {"method": "GET", "raw_path": b"/", "query_string": b"", "scheme": "http",
             "headers": [(b"authorization", text.encode("utf-8", "replace"))]}
    exchange = Exchange(scope, nothing, nothing)  # type: ignore[arg-type]
    options = HTTPOptions(auth=auth, require="always", tokens={"long enough": "alice"})
    access = Access(Users({"alice": "secret"}), options, lambda: 0.0)
    try:
        access.check(exchange, writes=False)
    except Refusal as refusal:
        assert refusal.status == 401
    else:
        raise AssertionError("somebody got in")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


@given(st.sampled_from(sorted(PAGES)), st.lists(st.tuples(NAMES, st.booleans()), max_size=6),
       st.floats(0, 4e9), st.integers(0, 1 << 50))
def test_index_pages_name_what_is_there_and_nothing_else(
    style: str, names: list[tuple[str, bool]], modified: float, size: int
) -> None:
    entries = [FileStatus(name, Kind.FOLDER if folder else Kind.FILE, size, modified, 0o644, "")
               for name, folder in names]
    kind, data = page(style, "/a&b/<c>/", entries)
    wanted = sorted(f"{name}/" if folder else name for name, folder in names)
    if kind == "application/json":
        found = [row.get("url", row["name"]) for row in json.loads(data)]
        if style == "caddy":
            found = [unquote(url.removeprefix("./")) for url in found]
        else:
            wanted = sorted(name for name, _ in names)
        assert sorted(found) == wanted
        return
    reader = _Links()
    reader.feed(data.decode())
    assert not reader.tags & {"script", "c"}
    links = [unquote(link.removeprefix("./") if ":" in link else link) for link in reader.links
             if not link.startswith(("?C=", "../", "/"))]
    assert sorted(links) == wanted
