# A conversation (its twin test_lab_clients_sync.py is generated): the clients against the lab.
"""TLS data connections and their ends; every SASL mechanism; what only a whole server shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import AuthenticationError, Incomplete, PostelError
from postel.ftp.client_async import AsyncClient
from postel.pop3.client_async import AsyncClient as AsyncBox

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
async def test_tls_from_the_beginning_or_by_upgrade(here: Any, scheme: str, tmp_path: Path) -> None:
    async with AsyncClient(here.url(scheme, user="alice"), password="secret") as site:
        assert site.peer.tls
        assert await site.download("/pub/a.bin", tmp_path / "a") == len(BODY)
        assert [e.name async for e in site.list("/pub")] == ["a.bin"]
    assert (tmp_path / "a").read_bytes() == BODY


async def test_torn_tls_with_a_size_that_proves_all(here: Any, tmp_path: Path) -> None:
    here.ftp.faults.on("RETR", notify=False)
    async with AsyncClient(here.url("ftps", user="alice"), password="secret") as site:
        assert await site.download("/pub/a.bin", tmp_path / "a") == len(BODY)


@pytest.mark.parametrize("cut", [0, 1, 20_000])
async def test_cut_tls_is_no_file(here: Any, tmp_path: Path, cut: int) -> None:
    here.ftp.faults.on("RETR", b"226 all is well", cut=cut, notify=False)
    async with AsyncClient(here.url("ftps", user="alice"), password="secret") as site:
        with pytest.raises(Incomplete):
            await site.download("/pub/a.bin", tmp_path / "a")
        assert not (tmp_path / "a").exists()
        await site.download("/pub/a.bin", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


async def test_torn_tls_of_a_listing_is_no_listing(here: Any) -> None:
    here.ftp.faults.on("MLSD", notify=False)
    async with AsyncClient(here.url("ftps", user="alice"), password="secret") as site:
        with pytest.raises(Incomplete, match="cut short"):
            _ = [e async for e in site.list("/pub")]
        assert [e.name async for e in site.list("/pub")] == ["a.bin"]


async def test_a_wrong_password(here: Any) -> None:
    with pytest.raises(AuthenticationError):
        await AsyncClient(here.url("ftp", user="alice"), password="swordfish").open()
    with pytest.raises(AuthenticationError):
        await AsyncBox(here.url("pop3"), password="swordfish").open()


@pytest.mark.parametrize("mechanism", [
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER",
    "USER", "APOP", None])
@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
async def test_every_way_to_log_in(here: Any, mechanism: str | None, scheme: str) -> None:
    async with AsyncBox(here.url(scheme), password="secret", auth=mechanism) as box:
        assert (await box.stat()).messages == 1
        assert box.peer.tls


@pytest.mark.parametrize("mechanism", [
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER",
    "USER", "APOP"])
async def test_every_way_to_be_refused(here: Any, mechanism: str) -> None:
    box = AsyncBox(here.url("pop3s"), password="swordfish", auth=mechanism)
    with pytest.raises(AuthenticationError) as caught:
        await box.open()
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize("reply", [b"-ERR [SYS/TEMP] x", b"+OK\r\nhalf a mess", None])
async def test_faults_in_the_middle(here: Any, reply: bytes | None) -> None:
    here.pop3.faults.on("RETR", reply, close=True)
    box = AsyncBox(here.url("pop3"), password="secret")
    await box.open()
    with pytest.raises(PostelError):
        await box.retr(1)
    await box.aclose()
