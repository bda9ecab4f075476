"""CR, LF and NUL in every argument of every public method: nothing goes over the wire.

The methods are found by looking at the classes, so a new one is tested from its first day. The
oracle is the server: after the call it must not have heard a byte more than before.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scripted_peer import FTPPeer, POP3Peer

from postel import ftp, pop3
from postel.errors import PostelError, UsageError

BREAKS = ["\r", "\n", "\r\nDELE victim", "\0", "x\ry", "x\n", "\nx"]
HARMLESS: dict[str, Any] = {
    "int": 1, "bool": False, "datetime": datetime(2024, 1, 1, tzinfo=UTC), "float": 1.0}
SKIPPED = {"open", "close", "aclose", "another", "be_careful", "quit", "reopen"}
LOCAL = {"target", "source", "state", "into"}
"""Arguments that name something on this machine."""


def methods(client: type) -> Iterator[tuple[str, str]]:
    """Each public method with each of its text arguments."""
    for name, function in inspect.getmembers(client, inspect.isfunction):
        if name.startswith("_") or name in SKIPPED:
            continue
        for parameter in inspect.signature(function).parameters.values():
            if "str" in str(parameter.annotation) and parameter.name not in LOCAL:
                yield name, parameter.name


def arguments(client: type, name: str, evil: str, text: str, here: Path) -> dict[str, Any]:
    """What to call the method with: *text* in *evil*, something harmless elsewhere."""
    given: dict[str, Any] = {}
    for parameter in inspect.signature(getattr(client, name)).parameters.values():
        kind = str(parameter.annotation)
        if parameter.name == evil:
            given[evil] = text
        elif parameter.name in LOCAL:
            given[parameter.name] = here
        elif parameter.name != "self" and parameter.default is inspect.Parameter.empty:
            given[parameter.name] = HARMLESS.get(kind, "harmless" if "str" in kind else [1])
    return given


def use(result: Any) -> None:
    """Do with a result what users do: iterate, or enter it."""
    if hasattr(result, "__enter__"):
        with result as opened:
            if hasattr(opened, "__iter__"):
                list(opened)
    elif hasattr(result, "__next__"):
        list(result)


async def use_async(result: Any) -> None:
    if inspect.isawaitable(result):
        result = await result
    if hasattr(result, "__aenter__"):
        async with result as opened:
            if hasattr(opened, "__aiter__"):
                _ = [item async for item in opened]
    elif hasattr(result, "__anext__"):
        _ = [item async for item in result]


def here(folder: Path, name: str) -> Path:
    """A local file, or for trees a local folder with a file in it."""
    if name.endswith("_tree"):
        (folder / "tree").mkdir(exist_ok=True)
        (folder / "tree" / "f").write_bytes(b"x")
        return folder / "tree"
    (folder / "f").write_bytes(b"x")
    return folder / "f"


FTP = list(methods(ftp.Client))
POP3 = list(methods(pop3.Client))


def test_there_is_something_to_test() -> None:
    assert len(FTP) > 35, FTP
    assert {"lang", "authenticate"} <= {name for name, _ in POP3}
    assert list(methods(ftp.AsyncClient)) == FTP
    assert list(methods(pop3.AsyncClient)) == POP3


@pytest.mark.parametrize(("name", "argument"), FTP)
def test_ftp(name: str, argument: str, tmp_path: Path) -> None:
    with FTPPeer({"HASH": b"213 x\r\n"}) as peer:
        with ftp.Client(f"ftp://127.0.0.1:{peer.port}", timeout=5) as site:
            site._features = {**site.capabilities, "HASH": "SHA-256"}
            site._type = "A"  # so that a change of type would be seen
            before = peer.heard
            for text in BREAKS:
                given = arguments(ftp.Client, name, argument, text, here(tmp_path, name))
                with pytest.raises(PostelError) as caught:
                    use(getattr(site, name)(**given))
                if (name, argument) != ("hash", "algorithm"):
                    assert isinstance(caught.value, UsageError), given
                assert peer.heard == before, given
            site.noop()
            assert peer.heard == before + b"NOOP\r\n"


@pytest.mark.parametrize(("name", "argument"), FTP)
def test_async_ftp(name: str, argument: str, tmp_path: Path) -> None:
    async def run(peer: Any) -> None:
        async with ftp.AsyncClient(f"ftp://127.0.0.1:{peer.port}", timeout=5) as site:
            site._features = {**site.capabilities, "HASH": "SHA-256"}
            site._type = "A"
            before = peer.heard
            for text in BREAKS[2:4]:
                given = arguments(ftp.AsyncClient, name, argument, text, here(tmp_path, name))
                with pytest.raises(PostelError):
                    await use_async(getattr(site, name)(**given))
                assert peer.heard == before, given

    with FTPPeer({"HASH": b"213 x\r\n"}) as peer:
        asyncio.run(run(peer))


@pytest.mark.parametrize(("name", "argument"), POP3)
def test_pop3(name: str, argument: str) -> None:
    with POP3Peer() as peer:
        with pop3.Client("127.0.0.1", port=peer.port, user="a", password="b", auth="USER",
                         security="plain", timeout=5) as box:
            before = peer.heard
            for text in BREAKS:
                with pytest.raises(PostelError):
                    use(getattr(box, name)(**{argument: text}))
                assert b"DELE" not in peer.heard
                rest = peer.heard.removeprefix(before).replace(b"CAPA\r\n", b"")
                assert rest == b"", rest  # what the server offers may be asked


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("what", ["user", "password", "account", "virtual_host"])
def test_ftp_log_in(what: str, text: str) -> None:
    with FTPPeer({"PASS": b"332 account\r\n", "HOST": b"220 ok\r\n"}) as peer:
        words = {"user": "ann", "password": "pw"}
        site = ftp.Client(f"ftp://127.0.0.1:{peer.port}", timeout=5,
                          **{**words, **({what: text} if what in words else {})})
        if what not in words:
            setattr(site, what, text)
        with pytest.raises(UsageError) as caught:
            site.open()
        assert peer.heard == b""
        if what in ("password", "account"):
            assert "DELE" not in str(caught.value)


def test_a_password_that_is_asked_for_late() -> None:
    with FTPPeer() as peer:
        site = ftp.Client(f"ftp://127.0.0.1:{peer.port}", user="ann",
                          password=lambda: "x\r\nDELE victim", timeout=5)
        with pytest.raises(UsageError):
            site.open()
        assert b"DELE" not in peer.heard


@pytest.mark.parametrize("verb", ["stat_many", "make_many", "remove_many", "rename_many",
                                  "set_many"])
def test_batches(verb: str) -> None:
    with FTPPeer() as peer, ftp.Client(f"ftp://127.0.0.1:{peer.port}", timeout=5) as site:
        before = peer.heard
        when = datetime(2024, 1, 1, tzinfo=UTC)
        for text in BREAKS:
            items: list[Any] = {"rename_many": [("a", text)], "set_many": [(text, when)]}.get(
                verb, ["fine", text])
            with pytest.raises(UsageError):
                list(getattr(site.files, verb)(items))
            assert peer.heard.replace(b"TYPE I\r\n", b"") == before.replace(b"TYPE I\r\n", b"")
