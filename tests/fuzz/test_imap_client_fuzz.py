"""The IMAP client against any bytes: a result, or one of our errors; never anything else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import PostelError
from postel.imap.client_async import AsyncClient
from postel.transport.connector_async import AsyncConnector
from postel.transport.memory_async import AsyncScripted, drive

GREETING = b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS ESEARCH CONDSTORE QRESYNC ENABLE] hi\r\n"
SELECTED = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\nA1 OK [READ-WRITE] done\r\n"
WORDS = [b"* ", b"A2 OK ", b"A2 NO ", b"A3 BAD ", b"+ ", b"\r\n", b"1 FETCH (", b"UID 1 ", b"FLAGS (",
         b"\\Seen", b")", b"(", b"BODY[] ", b"{3}\r\nabc", b"{9999999999}\r\n", b"NIL", b'"x" ', b"ENVELOPE ",
         b"BODYSTRUCTURE ", b"VANISHED (EARLIER) 1:4", b"ESEARCH (TAG \"A2\") UID ALL 1:9", b"SEARCH 1 2",
         b"LIST () \"/\" a", b"STATUS a (MESSAGES 1)", b"[UIDNEXT 4] ", b"[COPYUID 1 1:2 3:4] ", b"EXISTS",
         b"EXPUNGE", b"BYE ", b"OK ", b"\0", b"\xff", b"~{2}\r\n\0\0", b"MODSEQ (1)", b"-1", b"4294967296"]


class Memory(AsyncConnector):
    """Connects to a script."""

    def __init__(self, script: bytes, step: int | None) -> None:
        super().__init__()
        self._script, self._step = script, step

    async def connect(self, host: str, port: int, **_: Any) -> Any:
        return AsyncScripted(self._script, slice=self._step)


async def scene(script: bytes, step: int | None, doing: int) -> None:
    box = AsyncClient("localhost", security="plain", connector=Memory(GREETING + SELECTED + script, step))
    await box.open()
    await box.select()
    if doing == 0:
        _ = [one async for one in box.fetch("1:3", "flags", "envelope", "structure", "body")]
    elif doing == 1:
        _ = [await one.chunks.read() async for one in box.fetch_many_bodies([1, 2, 3])]
    elif doing == 2:
        await box.search("ALL")
    elif doing == 3:
        await box.list(status=True)
    elif doing == 4:
        await box.changes("INBOX")
    elif doing == 5:
        await box.append("INBOX", b"x")
    else:
        async with box.open_message(1) as body:
            _ = [chunk async for chunk in body]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)), max_size=25), st.integers(0, 6),
       st.sampled_from([None, 1]))
def test_any_answer(words: list[bytes], doing: int, step: int | None) -> None:
    try:
        drive(scene(b"".join(words), step, doing))
    except PostelError:
        pass
