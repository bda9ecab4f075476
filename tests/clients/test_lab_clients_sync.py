# GENERATED from test_lab_clients_async.py by tools/unasync.py: edit that file, not this one.
"""TLS data connections and their ends; every SASL mechanism; what only a whole server shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import AuthenticationError, Incomplete, PostelError
from postel.ftp.client_sync import Client
from postel.pop3.client_sync import Client as Box

BODY = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def here() -> Iterator[Any]:
    with lab.start("ftp", "pop3") as running:
        running.ftp.files.put("/pub/a.bin", BODY)
        running.pop3.mailbox("alice").add(b"Subject: x\r\n\r\nhi\r\n")
        yield running


@pytest.fixture(autouse=True)
def _no_faults(here: Any) -> Iterator[None]:
    yield
    here.ftp.faults.clear()
    here.pop3.faults.clear()
    here.ftp.quirks()


@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_tls_from_the_beginning_or_by_upgrade(here: Any, scheme: str, tmp_path: Path) -> None:
    with Client(here.url(scheme, user="alice"), password="secret") as site:
        assert site.peer.tls
        assert site.download("/pub/a.bin", tmp_path / "a") == len(BODY)
        assert [e.name for e in site.list("/pub")] == ["a.bin"]
    assert (tmp_path / "a").read_bytes() == BODY


def test_torn_tls_with_a_size_that_proves_all(here: Any, tmp_path: Path) -> None:
    here.ftp.faults.on("RETR", notify=False)
    with Client(here.url("ftps", user="alice"), password="secret") as site:
        assert site.download("/pub/a.bin", tmp_path / "a") == len(BODY)


@pytest.mark.parametrize("cut", [0, 1, 20_000])
def test_cut_tls_is_no_file(here: Any, tmp_path: Path, cut: int) -> None:
    here.ftp.faults.on("RETR", b"226 all is well", cut=cut, notify=False)
    with Client(here.url("ftps", user="alice"), password="secret") as site:
        with pytest.raises(Incomplete):
            site.download("/pub/a.bin", tmp_path / "a")
        assert not (tmp_path / "a").exists()
        site.download("/pub/a.bin", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


def test_torn_tls_of_a_listing_is_no_listing(here: Any) -> None:
    here.ftp.faults.on("MLSD", notify=False)
    with Client(here.url("ftps", user="alice"), password="secret") as site:
        with pytest.raises(Incomplete, match="cut short"):
            _ = [e for e in site.list("/pub")]
        assert [e.name for e in site.list("/pub")] == ["a.bin"]


def test_a_wrong_password(here: Any) -> None:
    with pytest.raises(AuthenticationError):
        Client(here.url("ftp", user="alice"), password="swordfish").open()
    with pytest.raises(AuthenticationError):
        Box(here.url("pop3"), password="swordfish").open()


@pytest.mark.parametrize("mechanism", [
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER",
    "USER", "APOP", None])
@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_every_way_to_log_in(here: Any, mechanism: str | None, scheme: str) -> None:
    with Box(here.url(scheme), password="secret", auth=mechanism) as box:
        assert (box.stat()).messages == 1
        assert box.peer.tls


@pytest.mark.parametrize("mechanism", [
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER",
    "USER", "APOP"])
def test_every_way_to_be_refused(here: Any, mechanism: str) -> None:
    box = Box(here.url("pop3s"), password="swordfish", auth=mechanism)
    with pytest.raises(AuthenticationError) as caught:
        box.open()
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize("reply", [b"-ERR [SYS/TEMP] x", b"+OK\r\nhalf a mess", None])
def test_faults_in_the_middle(here: Any, reply: bytes | None) -> None:
    here.pop3.faults.on("RETR", reply, close=True)
    box = Box(here.url("pop3"), password="secret")
    box.open()
    with pytest.raises(PostelError):
        box.retr(1)
    box.close()
