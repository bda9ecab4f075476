"""POP3 against Dovecot: in the clear, STLS, TLS, every mechanism, pipelined, sync and async."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from servers import Dovecot

from postel import pop3
from postel.errors import AuthenticationError, NotFound
from postel.mailboxes import Maildir
from postel.transport.tls import TLSOptions

MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "USER", None]


def options(dovecot: Dovecot, security: str = "starttls", user: str = "alice",
            **more: object) -> dict[str, object]:
    port = dovecot.pop3s_port if security == "tls" else dovecot.pop3_port
    return {"port": port, "user": user, "password": "secret", "security": security,
            "tls": TLSOptions(ca=dovecot.ca_file), "timeout": 20.0, **more}


def box(dovecot: Dovecot, security: str = "starttls", **more: object) -> pop3.Client:
    return pop3.Client("localhost", **options(dovecot, security, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("auth", MECHANISMS)
def test_every_mechanism(dovecot: Dovecot, security: str, auth: str | None) -> None:
    with box(dovecot, security, auth=auth) as client:
        assert client.stat().messages == len(dovecot.messages)
        assert (client.peer.tls is None) == (security == "plain")


@pytest.mark.parametrize("auth", ["XOAUTH2", "OAUTHBEARER"])
def test_tokens(dovecot: Dovecot, auth: str) -> None:
    client = pop3.Client("localhost", **{  # type: ignore[arg-type]
        **options(dovecot, "tls", auth=auth), "password": dovecot.token("alice")})
    with client:
        assert client.stat().messages == len(dovecot.messages)


def test_a_certificate_instead_of_a_password(dovecot: Dovecot) -> None:
    tls = TLSOptions(ca=dovecot.ca_file, certificate=dovecot.client_cert, key=dovecot.client_key)
    with box(dovecot, "tls", auth="EXTERNAL", tls=tls) as client:
        assert client.stat().messages == len(dovecot.messages)


def test_every_message_byte_for_byte(dovecot: Dovecot) -> None:
    with box(dovecot) as client:
        assert "PIPELINING" in client.capa()
        got = {number: data for number, data in client.retr_many(range(1, 201))}
        sizes = {item.number: item.size for item in client.list()}
    assert sorted(got.values()) == sorted(dovecot.messages)
    assert {number: len(data) for number, data in got.items()} == sizes


def test_every_message_async(dovecot: Dovecot) -> None:
    async def main() -> list[bytes]:
        settings = options(dovecot, "tls")
        async with pop3.AsyncClient("localhost", **settings) as client:  # type: ignore[arg-type]
            return [data async for _, data in client.retr_many(range(1, 201))]

    assert sorted(asyncio.run(main())) == sorted(dovecot.messages)


def test_the_rest_of_the_commands(dovecot: Dovecot) -> None:
    with box(dovecot) as client:
        names = client.uidl()
        assert len({item.uidl for item in names}) == len(names) == 200
        head = client.top(1)
        assert head.endswith(b"\r\n\r\n") or b"\r\n\r\n" in head
        tops = [data for _, data in client.top_many(range(1, 51))]
        assert len(tops) == 50
        with pytest.raises(NotFound):
            client.retr(10_000)
        with client.retr_stream(1) as body:
            assert b"".join(body) == client_message(dovecot, client, body.size)
        client.noop()


def client_message(dovecot: Dovecot, client: pop3.Client, size: int) -> bytes:
    return next(m for m in dovecot.messages if len(m) == size)


def test_deletions_need_the_goodbye(dovecot: Dovecot) -> None:
    user = dovecot.new_mailbox([b"Subject: %d\r\n\r\nx\r\n" % n for n in range(10)])
    with box(dovecot, user=user) as client:
        assert list(client.dele_many(range(1, 6))) == [1, 2, 3, 4, 5]
        client.rset()
        client.dele(1)
    with box(dovecot, user=user) as client:
        assert client.stat().messages == 9
    with pytest.raises(RuntimeError), box(dovecot, user=user) as client:
        client.dele(1)
        raise RuntimeError("the caller's own trouble")
    with box(dovecot, user=user) as client:
        assert client.stat().messages == 9


def test_new_mail_once(dovecot: Dovecot, tmp_path: Path) -> None:
    mail = [b"Subject: %d\r\n\r\nbody %d\r\n" % (n, n) for n in range(300)]
    user = dovecot.new_mailbox(mail)
    maildir = Maildir(tmp_path / "mail").create()
    for expected in (300, 0):
        with box(dovecot, user=user) as client:
            assert len(client.fetch_new(tmp_path / "state.db", maildir)) == expected
    dovecot.deliver(user, [b"Subject: late\r\n\r\nlate\r\n"])
    with box(dovecot, user=user) as client:
        assert len(client.fetch_new(tmp_path / "state.db", maildir, delete_after=0)) == 1
    assert len(maildir) == 301
    with box(dovecot, user=user) as client:
        assert client.stat().messages == 0
    stored = sorted(message.read() for message in maildir)
    sent = [*mail, b"Subject: late\r\n\r\nlate\r\n"]
    assert stored == sorted(data.replace(b"\r\n", b"\n") for data in sent)


def test_wrong_password(dovecot: Dovecot) -> None:
    with pytest.raises(AuthenticationError) as caught, box(dovecot, password="wrong"):
        pass
    assert caught.value.exit_code == 4
    assert "app password" in caught.value.hint
