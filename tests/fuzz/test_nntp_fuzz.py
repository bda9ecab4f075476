"""NNTP's grammar under random bytes: events, or ProtocolError and nothing else."""

from __future__ import annotations

import contextlib
import zlib

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError, UsageError
from postel.nntp import commands, listings, parse_location, wire
from postel.nntp.overview import STANDARD, Overview
from postel.nntp.posting import outgoing
from postel.nntp.spool import Refused, Spool
from postel.nntp.wildmat import matches
from postel.wire.dots import stuffed

ASKED = [commands.date(), commands.article("BODY", 1), commands.over("OVER", "1-"),
         commands.over("XZVER", "1-"), commands.capabilities(), commands.post(),
         commands.auth_sasl("PLAIN", None)]
WORDS = st.sampled_from([
    b"200 hi\r\n", b"222 1 <a@b>\r\n", b"224 x\r\n", b"224 [COMPRESS=GZIP]\r\n", b"101 x\r\n",
    b"340 go\r\n", b"383 =\r\n", b"400 bye\r\n", b".\r\n", b"..x\r\n", b"1\ta\tb\r\n", b"\r\n", b"x\n",
    b".\n", b".", b"\r", b"423\r\n", b"111 x\r\n", zlib.compress(b"1\ta\r\n"), zlib.compress(b".\r\n"),
    b"=ybegin line=128 size=9 name=x\r\n", b"=yend size=9\r\n", b"\xff\x00="])


@given(st.lists(WORDS | st.binary(max_size=5), max_size=25).map(b"".join), st.integers(1, 9),
       st.lists(st.sampled_from(range(len(ASKED))), max_size=8))
def test_events_in_order_or_a_broken_rule(data: bytes, step: int, asked: list[int]) -> None:
    def run(step: int) -> list[str]:
        grammar, seen, body = wire.Wire(), [], b""
        grammar.feed(b"200 hi\r\n")
        assert grammar.next_event() is not None
        for number in asked:
            grammar.send(ASKED[number])
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


@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_bodies_in_a_row_come_back(bodies: list[bytes], deflated: bool) -> None:
    client, server = wire.Wire(), wire.ServerWire()
    client.feed(b"200 hi\r\n")
    assert client.next_event() is not None
    if deflated:
        client.compress()
        server.compress()
    for number, body in enumerate(bodies):
        server.feed(client.send(commands.article("BODY", number)))
        client.feed(server.raw(b"222 x\r\n" + stuffed(body)))
    found, now = [], b""
    while (event := client.next_event()) is not None:
        if isinstance(event[1], wire.Data):
            now += event[1].chunk
            if event[1].last:
                found.append(now)
                now = b""
    whole = [body if body.endswith(b"\r\n") or not body else body + b"\r\n" for body in bodies]
    assert found == whole
    while server.next_request() is not None:
        pass


@given(st.binary(max_size=200), st.lists(st.text(max_size=12), max_size=12).map(tuple))
def test_any_row_has_values(line: bytes, names: tuple[str, ...]) -> None:
    row = Overview(line, (*STANDARD, *names))
    assert row.number >= 0
    assert row.size >= 0
    assert row.lines >= 0
    assert isinstance([row.subject, row.author, row.date, row.from_, row.message_id, row.references,
                       row.xref, row.places, repr(row)], list)
    for name in (*names, "", ":", ":bytes", "Xref"):
        assert row.get(name) is None or isinstance(row.get(name), str)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_lines_are_listings(lines: list[bytes]) -> None:
    for parse in (listings.parse_active, listings.parse_counts, listings.parse_times,
                  listings.parse_descriptions, listings.parse_distrib_pats,
                  listings.parse_moderators, listings.parse_numbers, listings.parse_names,
                  listings.parse_headers):
        assert isinstance([*parse(lines)], list)
    assert isinstance(listings.parse_capabilities(lines), dict)
    joined = b"".join(line.replace(b"\n", b"") + b"\r\n" for line in lines)
    assert len(listings.split(joined)) == len(lines)


@given(st.text(max_size=40))
def test_any_text_is_a_group_or_an_error(text: str) -> None:
    for parse in (listings.parse_group, listings.parse_stat, listings.parse_date):
        with contextlib.suppress(ProtocolError):
            parse(text)
    for build in (commands.group, commands.message_id, parse_location,
                  lambda text: parse_location(f"news:{text}")):
        with contextlib.suppress(UsageError):
            build(text)


@given(st.text("ab.*?[]!,^-\\", max_size=30), st.text("ab.", max_size=20))
def test_any_wildmat_answers(wildmat: str, name: str) -> None:
    assert matches(wildmat, name) in (True, False)
    assert matches(f"{wildmat},*", name)


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 30))
def test_any_client_gets_requests_or_a_broken_rule(pieces: list[bytes], articles: int) -> None:
    grammar = wire.ServerWire()
    with contextlib.suppress(ProtocolError):
        for number, piece in enumerate(pieces):
            grammar.feed(piece)
            if number % articles == 0:
                grammar.next_article()
            else:
                grammar.next_request()


@given(st.binary(max_size=200))
def test_any_article_is_taken_or_refused(data: bytes) -> None:
    from datetime import UTC, datetime

    spool = Spool()
    spool.create("g")
    with contextlib.suppress(Refused):
        spool.add(data, posted=True, groups=("g",))
    for kept in spool.in_group("g"):
        assert b"\r" not in kept.overview
        assert b"\n" not in kept.overview
    with contextlib.suppress(UsageError):
        outgoing(data, groups="g", now=datetime.now(UTC), unique="4kJ8sPq2Xw7m")
