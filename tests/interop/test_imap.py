"""IMAP against Dovecot and Cyrus: every log-in, folders, messages, searches, changes; sync and async."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import Cyrus, Dovecot

from postel import imap
from postel.errors import AuthenticationError, NotFound
from postel.imap import events
from postel.imap import query as q
from postel.transport.tls import TLSOptions

MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", None]
LETTER = b"From: Ann <ann@example.org>\r\nSubject: %d\r\nDate: Sat, 21 Nov 2026 09:05:0%d +0000\r\n\r\nHello\r\n"


@pytest.fixture(params=["dovecot", "cyrus"])
def server(request: pytest.FixtureRequest) -> Dovecot | Cyrus:
    """Each of the two IMAP servers in turn."""
    found: Dovecot | Cyrus = request.getfixturevalue(request.param)
    return found


def options(dovecot: Dovecot | Cyrus, security: str = "plain", user: str = "alice",
            **more: object) -> dict[str, object]:
    port = dovecot.imaps_port if isinstance(dovecot, Dovecot) and security == "tls" else dovecot.imap_port
    return {"port": port, "user": user, "password": "secret", "security": security,
            "tls": TLSOptions(ca=dovecot.ca_file), "timeout": 20.0, **more}


def client(dovecot: Dovecot | Cyrus, security: str = "plain", **more: object) -> imap.Client:
    return imap.Client("localhost", **options(dovecot, security, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("auth", MECHANISMS)
def test_every_mechanism(dovecot: Dovecot, security: str, auth: str | None) -> None:
    with client(dovecot, security, auth=auth) as box:
        assert box.select("INBOX").exists == len(dovecot.messages)
        assert (box.peer.tls is None) == (security == "plain")
        assert "IDLE" in box.capabilities


@pytest.mark.parametrize("auth", ["XOAUTH2", "OAUTHBEARER"])
def test_tokens(dovecot: Dovecot, auth: str) -> None:
    with client(dovecot, "tls", auth=auth, password=dovecot.token("alice")) as box:
        assert box.status("INBOX").messages == len(dovecot.messages)
    with pytest.raises(AuthenticationError):
        client(dovecot, "tls", auth=auth, password=dovecot.token("alice", -100)).open()


def test_a_certificate_instead_of_a_password(dovecot: Dovecot) -> None:
    tls = TLSOptions(ca=dovecot.ca_file, certificate=dovecot.client_cert, key=dovecot.client_key)
    with client(dovecot, "tls", auth="EXTERNAL", tls=tls) as box:
        assert box.select().exists == len(dovecot.messages)


def test_a_wrong_password(dovecot: Dovecot) -> None:
    with pytest.raises(AuthenticationError, match="log in as alice"):
        client(dovecot, password="wrong").open()


def test_folders(server: Dovecot | Cyrus) -> None:
    with client(server, user=server.new_mailbox()) as box:
        odd = 'odd "name"\\' if isinstance(server, Dovecot) else "odd (name)"  # Cyrus takes few signs
        for name in ("Entwürfe & mehr", "Ordner/日本語", odd):
            box.create(name)
        names = {folder.name: folder for folder in box.list(status=True)}
        assert {"INBOX", "Entwürfe & mehr", "Ordner/日本語", odd} <= names.keys()
        assert names["Trash"].role == "trash"
        found = names["Entwürfe & mehr"].status
        assert found is not None
        assert found.messages == 0
        box.subscribe("Entwürfe & mehr")
        assert {one.name for one in box.list(subscribed=True)} - {"INBOX"} == {"Entwürfe & mehr"}
        box.rename("Entwürfe & mehr", "Alt")
        assert box.status(names["INBOX"]).uidvalidity
        box.delete("Alt")
        with pytest.raises(NotFound):
            box.select("Alt")
        box.select("INBOX")
        box.unselect()
        assert box.selected is None


def test_messages(server: Dovecot | Cyrus, tmp_path: Path) -> None:
    with client(server, user=server.new_mailbox()) as box:
        one = box.append("INBOX", LETTER % (1, 1), flags=["\\Seen", "$Forwarded"],
                         date=datetime(2026, 11, 1, 8, 5, tzinfo=UTC))
        big = b"Subject: big\r\n\r\n" + b"x" * 78 + b"\r\n" * 10 + b"y" * 3_000_000 + b"\r\n"
        two = box.append("INBOX", io.BytesIO(big))
        three = box.append("INBOX", (chunk for chunk in (b"Subject: 3\r\n", b"\r\n", b"three\r\n")))
        selected = box.select("INBOX")
        assert (selected.exists, one.uidvalidity) == (3, selected.uidvalidity)
        assert one.uid
        assert two.uid
        assert three.uid
        first, second, third = box.fetch("1:*", "flags", "envelope", "size", "internal_date",
                                         "structure", "modseq", "preview", "save_date")
        assert first.flags >= {"\\Seen", "$Forwarded"}
        assert first.envelope
        assert first.envelope.subject == "1"
        assert first.internal_date == datetime(2026, 11, 1, 8, 5, tzinfo=UTC)
        assert (second.size, second.uid, third.uid) == (len(big), two.uid, three.uid)
        assert first.preview or isinstance(server, Cyrus)  # which makes them with its search index
        assert first.save_date
        assert first.modseq
        with box.open_message(two.uid) as body:
            assert b"".join(body) == big
        with box.open_message(two.uid, start=10, count=20) as body:
            assert b"".join(body) == big[10:30]
        assert box.download(two.uid, tmp_path / "big.eml") == len(big)
        assert (tmp_path / "big.eml").read_bytes() == big
        with pytest.raises(NotFound), box.open_message(4_000) as body:
            list(body)
        pulled = {uid: chunks.read() for uid, _, chunks in box.fetch_many_bodies("1:*")}
        assert pulled == {one.uid: LETTER % (1, 1), two.uid: big,
                          three.uid: b"Subject: 3\r\n\r\nthree\r\n"}


def test_flags_and_moves(server: Dovecot | Cyrus) -> None:
    with client(server, user=server.new_mailbox()) as box:
        put = list(box.append_many("INBOX", [LETTER % (n, n % 10) for n in range(250)]))
        uids = [one.uid for one in put]
        assert len(set(uids)) == 250
        box.select("INBOX")
        box.store(uids[:3], add=["\\Flagged", "work"])  # type: ignore[arg-type]
        assert box.search("FLAGGED KEYWORD ?", "work") == uids[:3]
        box.store(uids[0] or 0, remove="work")
        box.store(uids[1] or 0, replace=[])
        assert box.search(q.flagged & ~q.keyword("work")) == uids[:1]
        seq = next(iter(box.fetch(uids[5] or 0, "modseq"))).modseq
        box.store(uids[5] or 0, add="\\Seen")
        assert (uids[5] or 0) in box.store(uids[5] or 0, add="\\Flagged", unchanged_since=seq).modified
        box.create("Other")
        copied = box.copy(uids[:2], "Other")  # type: ignore[arg-type]
        assert copied.mapping
        assert list(copied.mapping) == uids[:2]
        moved = box.move(uids[2:4], "Other")  # type: ignore[arg-type]
        assert moved.mapping
        assert list(moved.mapping) == uids[2:4]
        box.delete_messages(uids[4] or 0)
        assert box.all_uids() == imap.NumberSet(uid for uid in uids[:2] + uids[5:] if uid)
        assert box.status("Other").messages == 4


def test_search_sort_thread(server: Dovecot | Cyrus) -> None:
    with client(server, user=server.new_mailbox()) as box:
        texts = [b"Message-ID: <a@x>\r\nSubject: plan\r\n", b"Message-ID: <b@x>\r\nReferences: <a@x>\r\nSubject: Re: plan\r\n",
                 b"Message-ID: <c@x>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"]
        put = [one.uid or 0 for one in box.append_many(
            "INBOX", [b"Date: Sat, 21 Nov 2026 0%d:00:00 +0000\r\n%s\r\nhi\r\n" % (9 - n, text)
                      for n, text in enumerate(texts)])]
        box.select()
        assert box.search("SUBJECT ?", "Grüße") == put[2:]
        assert box.search("SUBJECT ?", 'x" ALL') == []
        assert box.search_counts("ALL").count == 3
        if isinstance(server, Dovecot):
            box.search_save("SUBJECT ?", "plan")
            assert [one.uid for one in box.fetch("$", "uid")] == put[:2]
        assert box.sort("date") == put[::-1]
        assert [tuple(thread) for thread in box.thread()] == [tuple(put[2:]), tuple(put[:2])]
        assert [sorted(thread) for thread in box.thread(local=True)] == [put[2:], put[:2]]


def test_async(dovecot: Dovecot) -> None:
    async def scene() -> int:
        async with imap.AsyncClient("localhost", **options(dovecot, "starttls")) as box:  # type: ignore[arg-type]
            await box.select("INBOX", readonly=True)
            count = 0
            async for _, meta, chunks in box.fetch_many_bodies("1:*", "size"):
                count += meta.size == len(await chunks.read())
            return count

    assert asyncio.run(scene()) == len(dovecot.messages)


def test_changes(server: Dovecot | Cyrus) -> None:
    user = server.new_mailbox()
    with client(server, user=user) as box, client(server, user=user) as other:
        put = [one.uid or 0 for one in box.append_many(
            "INBOX", [LETTER % (n, n % 10) for n in range(20)])]
        first = box.changes("INBOX")
        assert list(first.added) == put
        state = imap.State.from_json(first.state.to_json())
        assert not box.changes("INBOX", state)
        other.select()
        other.store(put[3], add="\\Flagged")
        other.delete_messages(put[5:7])
        new = other.append("INBOX", LETTER % (99, 9)).uid
        seen = box.changes("INBOX", state)
        assert (list(seen.added), list(seen.vanished)) == ([new], put[5:7])
        assert seen.flags == {put[3]: frozenset({"\\Flagged"})}
        assert not box.changes("INBOX", seen.state)


@pytest.mark.parametrize("hidden", [{"QRESYNC"}, {"QRESYNC", "CONDSTORE"}])
def test_changes_with_less(server: Dovecot | Cyrus, hidden: set[str]) -> None:
    """The same without what the server has: the client is told that it is not there."""
    user = server.new_mailbox()
    with client(server, user=user) as box, client(server, user=user) as other:
        put = [one.uid or 0 for one in other.append_many(
            "INBOX", [LETTER % (n, n % 10) for n in range(9)])]
        box._told([word for word in box.capabilities if word not in hidden])
        if "CONDSTORE" in hidden:
            other.select()
        first = box.changes("INBOX")
        assert list(first.added) == put
        state = first.state
        if "CONDSTORE" in hidden:
            state = imap.State(state.uidvalidity, state.uidnext, None, state.exists, state.uids, {})
        other.select()
        other.store(put[2], add="\\Flagged")
        other.delete_messages(put[:1])
        new = other.append("INBOX", LETTER % (99, 9)).uid
        seen = box.changes("INBOX", state)
        assert (list(seen.added), list(seen.vanished)) == ([new], put[:1])
        assert seen.flags == {put[2]: frozenset({"\\Flagged"})}


def test_idle(server: Dovecot | Cyrus) -> None:
    user = server.new_mailbox()
    with client(server, user=user) as box, client(server, user=user) as other:
        box.select("INBOX")
        with box.idle(seconds=10.0, renew=0.3) as watch:
            put = other.append("INBOX", LETTER % (1, 1))
            assert next(watch) == events.Arrived(1)
            assert [one.uid for one in box.fetch("1:*", "uid")] == [put.uid]
            other.select()
            other.store(put.uid or 0, add="\\Flagged")
            found = next(event for event in watch if isinstance(event, imap.Fetched))
            assert "\\Flagged" in found.flags
            other.delete_messages(put.uid or 0)
            assert next(event for event in watch if isinstance(event, events.Expunged)).number == 1
        box.noop()
        with box.idle(seconds=0.2) as watch:
            assert list(watch) == []


def test_notify(dovecot: Dovecot) -> None:
    user = dovecot.new_mailbox()
    with client(dovecot, user=user) as box, client(dovecot, user=user) as other:
        other.create("Far")
        box.select("INBOX")
        with box.notify(seconds=10.0) as watch:
            other.append("Far", LETTER % (1, 1))
            told = next(event for event in watch if isinstance(event, events.FolderStatus))
            assert (told.folder, told.status.messages) == ("Far", 1)
            other.append("INBOX", LETTER % (1, 1))
            assert next(event for event in watch if isinstance(event, events.Arrived)).exists == 1
        box.noop()


def test_the_account(server: Dovecot | Cyrus) -> None:
    with client(server, user=server.new_mailbox()) as box:
        assert box.namespaces().personal[0].delimiter == "/"
        if isinstance(server, Dovecot):
            assert box.quota()[0]["STORAGE"].limit == 20 << 20
        assert "l" in box.my_rights("INBOX")
        box.set_acl("INBOX", "bob", "lr")
        assert box.acl("INBOX").rights["bob"] == frozenset("lr")
        box.set_acl("INBOX", "bob", "")
        assert "bob" not in box.acl("INBOX").rights
        box.set_metadata("INBOX", {"/private/comment": "Grüße\r\nzwei"})
        assert box.metadata("INBOX").entries["/private/comment"] == "Grüße\r\nzwei".encode()
        box.set_metadata("INBOX", {"/private/comment": None})
        assert not box.metadata("INBOX").entries.get("/private/comment")
        assert box.id({"name": "postel"})["name"].startswith(("Dovecot", "Cyrus"))


@pytest.mark.parametrize("security", ["plain", "tls"])
def test_compressed(dovecot: Dovecot, security: str) -> None:
    with client(dovecot, security) as box:
        box.compress()
        box.select("INBOX", readonly=True)
        sizes = {one.uid: one.size for one in box.fetch("1:*", "size")}
        for uid, _, chunks in box.fetch_many_bodies("1:*"):
            assert len(chunks.read()) == sizes[uid]
