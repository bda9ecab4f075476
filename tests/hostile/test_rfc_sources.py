"""Sources of RFCs that mean harm: bombs, climbing names, absurd indexes, escape sequences."""

from __future__ import annotations

import gzip
import http.server
import lzma
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel.errors import LimitReached, PostelError, ProtocolError
from postel.rfc import cleaning, index_text
from postel.rfc.library_sync import Library

ANSWERS: dict[str, tuple[dict[str, str], bytes]] = {}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        headers, body = ANSWERS.get(self.path, ({}, b""))
        self.send_response(200 if self.path in ANSWERS else 404)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def source() -> Iterator[str]:
    ANSWERS.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_gzip_bomb(source: str, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    ANSWERS["/rfc/rfc1.txt"] = {"Content-Encoding": "gzip"}, bomb
    with Library(tmp_path, sources=source) as series, pytest.raises(
            LimitReached, match=f"{cleaning.LARGEST:,}"):
        series.text(1)
    assert list(tmp_path.iterdir()) == []


def test_an_xz_bomb_as_index(source: str, tmp_path: Path) -> None:
    ANSWERS["/rfc-index.txt.xz"] = {}, lzma.compress(bytes(index_text.LARGEST + 9), preset=0)
    with Library(tmp_path, sources=source) as series, pytest.raises(LimitReached, match="unpacked"):
        series.update()


@pytest.mark.parametrize("index", [
    b"<rfc-index><rfc-entry><doc-id>RFC/../../../evil</doc-id></rfc-entry></rfc-index>",
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rfc-index>&x;</rfc-index>",
    b"99999999 Big. A. Example. May 2020. (Format: TXT) (Status: UNKNOWN)\n",
    b"\0" * 1000,
])
def test_an_index_that_climbs_or_lies(index: bytes, source: str, tmp_path: Path) -> None:
    ANSWERS["/rfc-index.xml"] = {}, index
    with Library(tmp_path / "m", sources=source) as series, pytest.raises(ProtocolError):
        series.update()
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "m"])


def test_an_index_that_is_a_bomb(source: str, tmp_path: Path) -> None:
    ANSWERS["/rfc-index.xml"] = {"Content-Encoding": "gzip"}, gzip.compress(bytes(80 << 20), 1)
    with Library(tmp_path, sources=source) as series, pytest.raises(LimitReached):
        series.update()


def test_a_series_that_climbs_leads_nowhere(source: str, tmp_path: Path) -> None:
    ANSWERS["/rfc-index.xml"] = {}, (
        b"<rfc-index><rfc-entry><doc-id>RFC1</doc-id><title>x</title></rfc-entry>"
        b"<std-entry><doc-id>STD1</doc-id><is-also><doc-id>../RFC1</doc-id></is-also></std-entry>"
        b"</rfc-index>")
    with Library(tmp_path, sources=source) as series, pytest.raises(PostelError, match="no such"):
        series.numbers("std1")


def test_an_endless_line_of_successors(source: str, tmp_path: Path) -> None:
    entries = "".join(
        f"<rfc-entry><doc-id>RFC{n}</doc-id><title>Loop</title><obsoleted-by><doc-id>"
        f"RFC{n % 50 + 1}</doc-id></obsoleted-by></rfc-entry>" for n in range(1, 51))
    ANSWERS["/rfc-index.xml"] = {}, f"<rfc-index>{entries}</rfc-index>".encode()
    with Library(tmp_path, sources=source) as series:
        assert len(series.named("loop")) == 50
        assert series.store.successors(7)


def test_a_length_that_is_a_lie(source: str, tmp_path: Path) -> None:
    ANSWERS["/rfc/rfc1.txt"] = {"Content-Length": "1000"}, b"short"
    with Library(tmp_path, sources=source, timeout=2) as series, pytest.raises(PostelError):
        series.text(1)
    assert list(tmp_path.iterdir()) == []
