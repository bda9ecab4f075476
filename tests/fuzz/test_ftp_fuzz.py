"""FTP's grammar under random bytes: events, or ProtocolError and nothing else."""

from __future__ import annotations

import asyncio
import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from postel.errors import PostelError, ProtocolError
from postel.ftp import replies, wire
from postel.ftp.mlsx import mlsd, mlsx
from postel.wire.replies import Reply

WORDS = st.sampled_from([b"150 go\r\n", b"226 done\r\n", b"200 ok\r\n", b"211-x\r\n", b" y\r\n",
                         b"211 end\r\n", b"\xff\xfb", b"\xff\xff", b"\xff", b"421 bye\r\n",
                         b"500 no\r\n", b"426 cut\r\n", b"\r\n", b"2", b"26 x\r\n"])
COMMANDS = [wire.command("NOOP"), wire.transfer("RETR", "a"), wire.command("STAT"),
            wire.command("ABOR"), wire.command("PWD")]


@given(st.lists(WORDS, max_size=30).map(b"".join), st.integers(1, 9),
       st.lists(st.sampled_from(range(5)), max_size=8))
def test_events_in_order_or_a_broken_rule(data: bytes, step: int, asked: list[int]) -> None:
    grammar = wire.Wire()
    for number in asked:
        grammar.send(COMMANDS[number])
    answered = 0
    try:
        for at in range(0, len(data), step):
            grammar.feed(data[at:at + step])
            while (event := grammar.next_event()) is not None:
                _, reply = event
                answered += reply.kind != 1
    except ProtocolError:
        pass
    assert answered <= len(asked) + 1 + data.count(b"421")


@given(st.binary(max_size=120), st.integers(1, 7))
def test_telnet_does_not_depend_on_the_cuts(data: bytes, step: int) -> None:
    whole = wire.without_telnet(data)
    plain, held = b"", b""
    for at in range(0, len(data), step):
        more, held = wire.without_telnet(held + data[at:at + step])
        plain += more
    assert (plain, held) == whole


@given(st.text(max_size=80))
@example("(|||\u0661|)")
@example("213 \u00b2")
def test_what_replies_say(text: str) -> None:
    reply = Reply(200, (text, text))
    for read in (replies.epsv_port, replies.pasv_address, replies.quoted_path, replies.number,
                 replies.digest, replies.announced_size, replies.features, replies.told,
                 lambda r: replies.stou_name(r, r)):
        with contextlib.suppress(ProtocolError):
            read(reply)


@given(st.lists(st.text(alphabet=st.characters(blacklist_characters="\r\n"), max_size=60),
                max_size=5))
def test_mlsd_lines(lines: list[str]) -> None:
    for entry in mlsd(lines):
        assert entry.name
    for line in lines:
        mlsx(line)


@given(st.lists(st.one_of(WORDS, st.binary(max_size=40)), max_size=12).map(b"".join))
def test_a_client_that_meets_garbage(data: bytes) -> None:
    """The whole client over a pair of sockets: documented errors only."""
    from postel.ftp.client_async import AsyncClient

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(data)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        site = AsyncClient(f"ftp://127.0.0.1:{port}", timeout=2)
        try:
            async with site:
                await site.pwd()
        except PostelError:
            pass
        server.close()
        await asyncio.sleep(0)

    asyncio.run(run())
