"""SASL against anything at all: an answer, the end, or one of two errors; never another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import AuthenticationError, ProtocolError
from postel.secrets import Secret
from postel.wire import sasl
from postel.wire.sasl import Login

BINDING = ("tls-server-end-point", b"fingerprint")
# The noise knows the token, as a server does that was sent it; it does not know the password.
LOGIN = Login("alice", Secret("swordfish"), Secret("hunter2"), host="imap.example.org", port=993)
TOKENS = ("OAUTHBEARER", "XOAUTH2")
KNOWN = {"alice": Secret("hunter2")}

# Whole noise, and noise with the shape of the real thing.
WORDS = (
    b"r=abc r=abcd s=c2FsdA== i=4096 i=99999999 v=AAAA e=x e= m=x n, y, n=alice a=b c=biws p=AAAA"
    b' , alice hunter2 user=alice =2C {"status":" "}'
)
PIECES = st.sampled_from([*WORDS.split(), b"\x01", b"\0", b"auth=Bearer hunter2", b"\xff"])
NOISE = st.binary(max_size=60) | st.lists(PIECES, max_size=8).map(b"".join)
NOISE |= st.lists(PIECES, max_size=6).map(b",".join)


@pytest.mark.parametrize("mechanism", sasl.MECHANISMS)
@settings(max_examples=100, deadline=None)
@given(challenges=st.lists(NOISE | st.none(), max_size=4))
def test_any_challenge(mechanism: str, challenges: list[bytes | None]) -> None:
    client = sasl.start(mechanism, LOGIN, nonce=b"abc", binding=BINDING)
    next(client)
    try:
        for challenge in challenges:
            if challenge is None:
                sasl.finish(client)
                return
            assert isinstance(sasl.respond(client, challenge), bytes)
    except (AuthenticationError, ProtocolError) as error:
        shown = f"{error} {error.hint} {getattr(error, 'text', '')}"
        hidden = "hunter2" if mechanism in TOKENS else "swordfish"
        assert hidden not in shown


@pytest.mark.parametrize("mechanism", sasl.MECHANISMS)
@settings(max_examples=100, deadline=None)
@given(responses=st.lists(NOISE, max_size=4))
def test_any_response(mechanism: str, responses: list[bytes]) -> None:
    server = sasl.serve(mechanism, KNOWN.get, nonce=b"d", salt=b"salt", binding=BINDING)
    next(server)
    try:
        for response in responses:
            outcome = sasl.examine(server, response)
            if isinstance(outcome, str):
                assert outcome in ("alice", "anonymous")
                return
    except (AuthenticationError, ProtocolError) as error:
        shown = f"{error} {error.hint}"
        assert "hunter2" not in shown


@given(st.binary(max_size=200))
def test_any_line(line: bytes) -> None:
    try:
        data = sasl.decode(line)
    except ProtocolError:
        return
    assert sasl.decode(sasl.encode(data)) == data


@given(st.binary(max_size=9000))
def test_any_bytes_survive_a_line(data: bytes) -> None:
    assert sasl.decode(sasl.encode(data, initial=True)) == data


@given(user=st.text(max_size=30), password=st.text(max_size=30))
@settings(deadline=None)
def test_scram_agrees_on_any_name_and_password(user: str, password: str) -> None:
    login = Login(user, Secret(password))
    client = sasl.start("SCRAM-SHA-256", login, nonce=b"abc")
    server = sasl.serve("SCRAM-SHA-256", lambda _: Secret(password), nonce=b"d", salt=b"salt")
    next(server)
    try:
        first = next(client)
    except ValueError:  # UsageError: not a name or password by RFC 4013; nothing was sent
        return
    challenge = sasl.examine(server, first or b"")
    assert isinstance(challenge, bytes)
    verdict = sasl.examine(server, sasl.respond(client, challenge))
    assert isinstance(verdict, bytes)
    who = sasl.examine(server, sasl.respond(client, verdict))
    sasl.finish(client)
    assert isinstance(who, str)
