"""POP3's grammar under random bytes: events, or ProtocolError and nothing else."""

from __future__ import annotations

import asyncio
import contextlib

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import PostelError, ProtocolError
from postel.pop3 import wire
from postel.wire.dots import stuffed

WORDS = st.sampled_from([b"+OK\r\n", b"-ERR no\r\n", b"+OK 1 2\r\n", b".\r\n", b"..x\r\n",
                         b"+ \r\n",
                         b"1 2\r\n", b"\r\n", b"+ok\n", b"-ERR [IN-USE] x\r\n", b"+", b"."])
ASKED = [wire.noop(), wire.retr(1), wire.list_(), wire.capa(), wire.auth("PLAIN", None)]


@given(st.lists(WORDS, max_size=30).map(b"".join), st.integers(1, 9),
       st.lists(st.sampled_from(range(5)), max_size=8))
def test_events_in_order_or_a_broken_rule(data: bytes, step: int, asked: list[int]) -> None:
    def run(step: int) -> list[str]:
        grammar, seen = wire.Wire(), []
        for number in asked:
            grammar.send(ASKED[number])
        body = b""
        try:
            for at in range(0, len(data), step):
                grammar.feed(data[at:at + step])
                while (event := grammar.next_event()) is not None:
                    command, answer = event
                    if isinstance(answer, wire.Data):
                        body += answer.chunk
                        if answer.last:
                            seen.append(f"{command} {body!r}")
                            body = b""
                    else:
                        seen.append(f"{command} {answer}")
        except ProtocolError:
            seen.append("broken")
        return seen

    assert run(step) == run(len(data) or 1)  # however the bytes are cut


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_messages_in_a_row_come_back(messages: list[bytes]) -> None:
    grammar, data, found = wire.Wire(), b"+OK hi\r\n", []
    for number, message in enumerate(messages):
        grammar.send(wire.retr(number + 1))
        data += b"+OK\r\n" + stuffed(message)
    grammar.feed(data)
    body = b""
    while (event := grammar.next_event()) is not None:
        if isinstance(event[1], wire.Data):
            body += event[1].chunk
            if event[1].last:
                found.append(body)
                body = b""
    whole = [m if not m or m.endswith(b"\r\n") else m + b"\r\n" for m in messages]
    assert found == whole


@given(st.binary(max_size=200))
def test_listings_and_capabilities(body: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        list(wire.parse_numbered(body))
    wire.parse_capa(body)


@given(st.lists(st.one_of(WORDS, st.binary(max_size=40)), max_size=12).map(b"".join))
def test_a_client_that_meets_garbage(data: bytes) -> None:
    """The whole client over a pair of sockets: documented errors only."""
    from postel.pop3.client_async import AsyncClient

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(data)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        box = AsyncClient("127.0.0.1", port=port, user="a", password="b", security="plain",
                          timeout=2)
        try:
            async with box:
                await box.stat()
                await box.list()
                _ = [m async for m in box.retr_many([1, 2])]
        except PostelError:
            pass
        server.close()
        await asyncio.sleep(0)

    asyncio.run(run())
