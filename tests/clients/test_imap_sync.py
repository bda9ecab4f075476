# GENERATED from test_imap_async.py by tools/unasync.py: edit that file, not this one.
"""Log-ins, folders, messages: each command on the wire, and what is made of its answers."""

from __future__ import annotations

import base64
import io
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from imap_peer import IMAPPeer, ok

from postel.errors import (
    AlreadyExists,
    AuthenticationError,
    BusyError,
    ConnectionLost,
    LimitReached,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TryLater,
    UsageError,
)
from postel.imap import NumberSet, State
from postel.imap.client_sync import Client
from postel.imap.events import Arrived, Expunged, FolderStatus
from postel.imap.learned import LEARNED


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


def client(peer: Any, **keywords: Any) -> Client:
    settings = {"user": "ann", "password": "s p", "security": "plain", "timeout": 5.0, **keywords}
    return Client("127.0.0.1", port=peer.port, **settings)


# -- the way in --------------------------------------------------------------------------------


def test_the_log_in_is_one_turn() -> None:
    with IMAPPeer() as peer:
        with client(peer) as box:
            assert peer.turns == 1
            assert peer.words == [b"AUTHENTICATE PLAIN " + base64.b64encode(b"\0ann\0s p")]
            assert "IDLE" in box.capabilities
            assert box.capabilities.auth == ("PLAIN",)


@pytest.mark.parametrize(("offers", "auth", "words"), [
    ("IMAP4rev1", None, [b'LOGIN "ann" "s p"']),
    ("IMAP4rev1 AUTH=PLAIN", "LOGIN", [b'LOGIN "ann" "s p"']),
    ("IMAP4rev1 AUTH=X-OWN", None, [b'LOGIN "ann" "s p"']),
    ("IMAP4rev1 SASL-IR AUTH=XOAUTH2", "XOAUTH2",
     [b"AUTHENTICATE XOAUTH2 " + base64.b64encode(b"user=ann\x01auth=Bearer tok\x01\x01")]),
])
def test_ways_in(offers: str, auth: str | None, words: list[bytes]) -> None:
    with IMAPPeer(offers=offers) as peer:
        secret = "tok" if auth == "XOAUTH2" else "s p"
        with client(peer, auth=auth, password=secret):
            assert peer.words == words


def test_a_password_that_no_quotes_can_hold_waits_for_the_server() -> None:
    with IMAPPeer(offers="IMAP4rev1") as peer:
        with client(peer, user="änne", password="p\u00e4"):
            assert peer.words == ["LOGIN änne pä".encode()]
            assert b"{5}\r\n" in peer.heard


def test_a_server_that_speaks_utf8_only() -> None:
    with IMAPPeer({"ENABLE": ok(b"* ENABLED UTF8=ACCEPT\r\n"), "CREATE": ok()},
                  offers="IMAP4rev1 AUTH=PLAIN ENABLE UTF8=ONLY") as peer:
        with client(peer) as box:
            box.create("Entwürfe")
            assert peer.words[-1] == 'CREATE "Entwürfe"'.encode()


def test_without_an_initial_response_it_waits() -> None:
    def play(line: Any, tag: bytes, command: bytes) -> bytes:
        line.say(b"+ \r\n")
        peer.words.append(line.hear())
        return ok()

    with IMAPPeer({"AUTHENTICATE": play}, offers="IMAP4rev1 AUTH=PLAIN") as peer:
        with client(peer):
            assert peer.words[:2] == [b"AUTHENTICATE PLAIN", base64.b64encode(b"\0ann\0s p")]
            assert peer.asked[-1] == "CAPABILITY"


def test_a_token_that_is_refused_says_why() -> None:
    def play(line: Any, tag: bytes, command: bytes) -> bytes:
        line.say(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}') + b"\r\n")
        peer.words.append(line.hear())
        return b"%T NO [AUTHENTICATIONFAILED] Invalid credentials\r\n"

    with IMAPPeer({"AUTHENTICATE": play}, offers="IMAP4rev1 SASL-IR AUTH=XOAUTH2") as peer:
        with pytest.raises(AuthenticationError, match="400"):
            client(peer, auth="XOAUTH2", password="tok").open()
        assert peer.words[-1] == b""


def test_what_was_learned_saves_a_turn() -> None:
    with IMAPPeer(greeting=b"* OK Exchange is ready\r\n") as peer:
        with client(peer):
            assert peer.asked == ["CAPABILITY", "AUTHENTICATE"]
        peer.words.clear()
        with client(peer) as box:
            assert peer.asked == ["AUTHENTICATE"]
            assert "MOVE" in box.capabilities


def test_what_was_learned_may_be_the_past() -> None:
    with IMAPPeer(greeting=b"* OK ready\r\n") as peer:
        with client(peer):
            pass
        peer.words.clear()
        peer.answers["AUTHENTICATE"] = b"%T BAD unknown command\r\n"
        peer.answers["CAPABILITY"] = ok(b"* CAPABILITY IMAP4rev1\r\n")
        with client(peer):
            assert peer.asked == ["AUTHENTICATE", "CAPABILITY", "LOGIN"]


@pytest.mark.parametrize(("answer", "kind", "words"), [
    (b"%T NO [AUTHENTICATIONFAILED] no\r\n", AuthenticationError, "log in as ann"),
    (b"%T NO go away\r\n", AuthenticationError, "app password"),
    (b"%T NO [UNAVAILABLE] later\r\n", TryLater, "later"),
    (b"%T NO [EXPIRED] old\r\n", AuthenticationError, "expired"),
    (b"%T NO [PRIVACYREQUIRED] tls\r\n", AuthenticationError, "TLS"),
    (b"%T NO Too many simultaneous connections. (Failure)\r\n", TryLater, "fewer requests"),
])
def test_refused_log_ins(answer: bytes, kind: type[PostelError], words: str) -> None:
    with IMAPPeer({"AUTHENTICATE": answer}) as peer:
        with pytest.raises(kind) as caught:
            client(peer).open()
        assert words in f"{caught.value} {caught.value.hint}"
        assert "s p" not in f"{caught.value!r}{caught.value.hint}"


def test_login_disabled_is_obeyed() -> None:
    with IMAPPeer(offers="IMAP4rev1 LOGINDISABLED") as peer:
        with pytest.raises(NotSupported, match="LOGINDISABLED"):
            client(peer).open()
        assert peer.words == []


@pytest.mark.parametrize(("greeting", "kind", "words"), [
    (b"* BYE too many connections\r\n", TryLater, "too many"),
    (b"* BYE go away\r\n", ConnectionLost, "goodbye"),
    (b"* NO what\r\n", ProtocolError, "greeting"),
    (b"* 3 EXISTS\r\n", ProtocolError, "greeting"),
    (b"HTTP/1.1 400 Bad Request\r\n", ProtocolError, "no command"),
])
def test_odd_greetings(greeting: bytes, kind: type[PostelError], words: str) -> None:
    with IMAPPeer(greeting=greeting) as peer, pytest.raises(kind, match=words):
        client(peer).open()


def test_preauth_needs_no_log_in_but_stops_starttls() -> None:
    with IMAPPeer(greeting=b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n") as peer:
        with client(peer) as box:
            box.select()
            assert peer.asked == ["SELECT"]
        with pytest.raises(ProtocolError, match="PREAUTH"):
            client(peer, security="starttls").open()
        assert peer.asked == ["SELECT", "LOGOUT"]


def test_starttls_that_is_not_there_ends_it() -> None:
    with IMAPPeer() as peer:
        with pytest.raises(NotSupported, match="STARTTLS"):
            client(peer, security="starttls").open()
        assert peer.asked == ["STARTTLS"]


@pytest.mark.parametrize("more", [b"* CAPABILITY IMAP4rev1 AUTH=X\r\n", b"A2 OK x\r\n", b"*"])
def test_what_comes_ahead_of_tls_ends_it(more: bytes) -> None:
    with IMAPPeer({"STARTTLS": ok() + more}) as peer:
        with pytest.raises(ProtocolError, match="in the clear"):
            client(peer, security="starttls").open()
        assert peer.asked == ["STARTTLS"]


def test_what_was_said_before_tls_is_forgotten() -> None:
    authority = trustme.CA()
    server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.configure_trust(trusting)

    def starttls(line: Any, tag: bytes, command: bytes) -> None:
        line.say(b"* 77 EXISTS\r\n* OK [ALERT] call us\r\n* CAPABILITY IMAP4rev1 AUTH=X-EVIL LITERAL+\r\n"
                 + tag + b" OK go\r\n")
        line.sock = server.wrap_socket(line.sock, server_side=True)

    with IMAPPeer({"STARTTLS": starttls}, greeting=b"* OK [CAPABILITY IMAP4rev1 AUTH=X-EVIL STARTTLS] hi\r\n",
                  offers="IMAP4rev1 AUTH=PLAIN") as peer:
        with client(peer, security="starttls", tls=trusting) as box:
            assert box.peer.tls
            assert box.alerts == []
            assert list(box.capabilities) == ["AUTH=PLAIN", "IMAP4REV1"]
            assert not box._news
            assert peer.asked == ["STARTTLS", "CAPABILITY", "AUTHENTICATE", "CAPABILITY"][: len(peer.asked)]


def test_without_a_user_it_still_knows_what_is_offered() -> None:
    with IMAPPeer(greeting=b"* OK hi\r\n") as peer:
        with client(peer, user=None, password=None) as box:
            assert "IDLE" in box.capabilities
            with box.another() as second:
                assert second.url.host == box.url.host


def test_id_enable_and_words() -> None:
    with IMAPPeer({"ENABLE": ok(b"* ENABLED CONDSTORE\r\n"), "NAMESPACE":
                   ok(b'* NAMESPACE (("" "/")) NIL NIL\r\n')}) as peer:
        with client(peer) as box:
            assert box.id({"name": 'a "b"'}) == {"name": "peer"}
            assert peer.words[-1] == b'ID ("name" "a \\"b\\"")'
            assert box.enable("CONDSTORE", "QRESYNC") == {"CONDSTORE"}
            assert peer.words[-1] == b"ENABLE CONDSTORE"
            assert (box.namespaces()).personal[0].delimiter == "/"
            with pytest.raises(NotSupported, match="QUOTA"):
                box.quota()


# -- the server's moods ------------------------------------------------------------------------


def test_throttled_it_waits_and_asks_again() -> None:
    slow = b"%T BAD Request is throttled. Suggested Backoff Time: 20 milliseconds\r\n"
    with IMAPPeer({"NOOP": [slow, slow, ok()]}) as peer:
        with client(peer) as box:
            box.noop()
            assert peer.asked[1:] == ["NOOP"] * 3
            peer.answers["NOOP"] = slow.replace(b"20 ", b"900000 ")
            with pytest.raises(TryLater) as caught:
                box.noop()
            assert caught.value.retry_after == 900.0


def test_bye_in_the_middle_is_told() -> None:
    with IMAPPeer({"NOOP": b"* BYE Autologout; idle for too long\r\n" * 50}) as peer:
        with client(peer) as box:
            with pytest.raises(ConnectionLost, match="Autologout"):
                box.noop()
            assert not box.is_open


@pytest.mark.parametrize(("answer", "kind"), [
    (b"%T NO [NONEXISTENT] no\r\n", NotFound), (b"%T NO Mailbox doesn't exist: x\r\n", NotFound),
    (b"%T NO [ALREADYEXISTS] yes\r\n", AlreadyExists), (b"%T NO [OVERQUOTA] full\r\n", NoSpace),
    (b"%T BAD Unknown command\r\n", NotSupported), (b"%T NO because\r\n", ReplyError),
    (b"%T NO [INUSE] busy\r\n", TryLater),
])
def test_refusals_by_code_and_words(answer: bytes, kind: type[ReplyError]) -> None:
    with IMAPPeer({"CREATE": answer}) as peer:
        with client(peer) as box:
            with pytest.raises(ReplyError) as caught:
                box.create("x")
            assert type(caught.value) is kind
            box.noop()


def test_alerts_are_kept() -> None:
    with IMAPPeer({"NOOP": b"* OK [ALERT] down at \x1b[2Jnoon\r\n" + ok()}) as peer:
        with client(peer) as box:
            box.noop()
            assert box.alerts == ["down at \\x1b[2Jnoon"]


@pytest.mark.parametrize("slice", [0, 1])
def test_answers_out_of_order_find_their_commands(slice: int) -> None:
    def second(line: Any, tag: bytes, command: bytes) -> bytes:
        first = b"A" + str(int(tag[1:]) - 1).encode()
        return (b'* STATUS "b" (MESSAGES 2)\r\n' + tag + b" OK b\r\n"
                b'* STATUS "a" (MESSAGES 1)\r\n' + first + b" OK a\r\n")

    with IMAPPeer({"LIST": ok(b'* LIST () "/" a\r\n* LIST () "/" b\r\n'),
                   "STATUS": [None, second]}, slice=slice) as peer:
        with client(peer) as box:
            found = box.list(status=["MESSAGES"])
            assert {one.name: one.status.messages for one in found if one.status} == {"a": 1, "b": 2}


# -- folders -----------------------------------------------------------------------------------


def test_folders_and_counts_are_two_turns() -> None:
    listed = b"".join(b'* LIST (\\HasNoChildren) "/" f%d\r\n' % n for n in range(20))
    with IMAPPeer({"LIST": ok(listed + b'* LIST (\\Noselect) "/" {5}\r\nGmail\r\n'),
                   "STATUS": lambda line, tag, command: ok(
                       b"* STATUS " + command.split(b" ")[1] + b" (MESSAGES 4 UNSEEN 1)\r\n")}) as peer:
        with client(peer) as box:
            turns = peer.turns
            found = box.list(status=["MESSAGES", "UNSEEN", "SIZE"])
            assert peer.turns == turns + 2
            assert [one.status is not None for one in found] == [True] * 20 + [False]
            assert peer.words[-1] == b'STATUS "f19" (MESSAGES UNSEEN)'


def test_list_status_is_one_turn_and_a_refusal_is_fallen_back_from() -> None:
    offers = "IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE"
    answer = ok(b'* LIST (\\Sent) "/" Out\r\n* STATUS Out (MESSAGES 4)\r\n')
    with IMAPPeer({"LIST": answer}, offers=offers) as peer:
        with client(peer) as box:
            (one,) = box.list("O*", status=["MESSAGES"])
            assert (one.role, one.status and one.status.messages) == ("sent", 4)
            assert peer.words[-1] == (b'LIST "" "O*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE '
                                      b"STATUS (MESSAGES))")
            peer.answers["LIST"] = [b"%T BAD no RETURN here\r\n",
                                    ok(b'* LIST () "/" "Gesendet"\r\n')]
            (one,) = box.list()
            assert (one.name, one.role) == ("Gesendet", "sent")
            peer.answers["LIST"] = [ok(), ok(b'* LIST () "/" INBOX\r\n')]
            assert [one.name for one in box.list("INBOX")] == ["INBOX"]


@pytest.mark.parametrize(("name", "sent"), [
    ("Entwürfe", b'"Entw&APw-rfe"'), ("a b", b'"a b"'), ('q"', b'"q\\""'), ("&", b'"&-"'),
    ("*", b'"*"'), ("x" * 1001, b"x" * 1001),
])
def test_names_of_folders(name: str, sent: bytes) -> None:
    with IMAPPeer({"CREATE": ok()}) as peer:
        with client(peer) as box:
            box.create(name)
            assert peer.words[-1] == b"CREATE " + sent


@pytest.mark.parametrize("name", ["a\r\nb", "a\nb", "\0", ""])
def test_no_folder_ends_the_command(name: str) -> None:
    with IMAPPeer() as peer:
        with client(peer) as box:
            asked = len(peer.words)
            for word in (box.create, box.delete, box.select, box.subscribe, box.status):
                with pytest.raises(UsageError):
                    word(name)
            assert len(peer.words) == asked


def test_a_name_that_breaks_the_rules_goes_back_as_it_came() -> None:
    with IMAPPeer({"LIST": ok(b'* LIST () "/" "bad &AP-"\r\n* LIST () "/" {3}\r\na\x01b\r\n')}) as peer:
        with client(peer) as box:
            bad, odd = box.list()
            box.select(bad)
            assert peer.words[-1].startswith(b'SELECT "bad &AP-"')
            box.select(odd)
            assert peer.words[-1].startswith(b'SELECT "a\x01b"')


def test_opening_and_news() -> None:
    with IMAPPeer({"SELECT": ok(
            b"* 172 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 12] first\r\n* OK [UIDVALIDITY 3857] v\r\n"
            b"* OK [UIDNEXT 4392] n\r\n* FLAGS (\\Answered \\Seen)\r\n* OK [HIGHESTMODSEQ]\r\n"
            b"* OK [PERMANENTFLAGS (\\Seen \\*)] Limited\r\n", b"READ-WRITE"),
            "NOOP": ok(b"* 175 EXISTS\r\n* 3 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Seen))\r\n")}) as peer:
        with client(peer) as box:
            with pytest.raises(UsageError, match="no folder"):
                box.fetch("1:*")
            found = box.select("INBOX")
            assert (found.exists, found.uidvalidity, found.uidnext) == (172, 3857, 4392)
            assert found.highestmodseq is None
            assert found.permanent_flags == {"\\Seen", "\\*"}
            box.noop()
            assert box.selected
            assert box.selected.exists == 174


# -- messages ----------------------------------------------------------------------------------


def test_fetch_takes_what_belongs_together() -> None:
    answer = ok(
        b"* 1 FETCH (UID 11 FLAGS (\\Seen) RFC822.SIZE 5)\r\n"
        b"* 2 FETCH (UID 12 FLAGS ())\r\n"                         # in two parts
        b"* 9 FETCH (FLAGS (\\Deleted))\r\n* 5 EXISTS\r\n"           # unasked
        b"* 2 FETCH (RFC822.SIZE 7 UID 12)\r\n"
        b"* 3 FETCH (UID 13 FLAGS NIL RFC822.SIZE 8 X-ODD (a b))\r\n"
        b"* 1 FETCH (UID 11 FLAGS (\\Answered))\r\n"                # changed meanwhile
        b"* 7 FETCH (UID 99 FLAGS () RFC822.SIZE 1)\r\n")           # another message
    with IMAPPeer({"UID FETCH": answer}) as peer:
        with client(peer) as box:
            box.select()
            found = [one for one in box.fetch([11, 12, 13, 14], "flags", "size")]
            assert [(one.uid, one.size, set(one.flags)) for one in found] == [
                (11, 5, {"\\Seen"}), (12, 7, set()), (13, 8, set())]
            assert peer.words[-1] == b"UID FETCH 11:14 (UID FLAGS RFC822.SIZE)"
            assert box.selected
            assert box.selected.exists == 5


def test_a_body_that_looks_like_an_answer() -> None:
    body = b"A3 OK done\r\n* BYE\r\n)\r\n"
    answer = ok(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s FLAGS ())\r\n" % (len(body), body))
    with IMAPPeer({"UID FETCH": answer}, slice=1) as peer:
        with client(peer) as box:
            box.select()
            (one,) = [one for one in box.fetch(1, "body")]
            assert one.bodies[""] == body
            with box.open_message(1) as stream:
                assert b"".join([chunk for chunk in stream]) == body


@pytest.mark.parametrize("item", ["FLAGS) (X", "BODY[", "a b", "BODY[HEADER.FIELDS (A\r\nB)]", "ü"])
def test_no_item_ends_the_command(item: str) -> None:
    with IMAPPeer() as peer:
        with client(peer) as box:
            box.select()
            with pytest.raises(UsageError):
                box.fetch(1, item)


def test_a_long_body_streams_and_guards_its_connection() -> None:
    body = bytes(range(256)) * 4096
    with IMAPPeer({"UID FETCH": ok(b"* 1 FETCH (UID 5 BODY[] {%d}\r\n%s)\r\n" % (len(body), body))}) as peer:
        with client(peer) as box:
            box.select()
            with box.open_message(5) as stream:
                first = stream.__next__()
                with pytest.raises(BusyError, match="message 5"):
                    box.noop()
                rest = [chunk for chunk in stream]
            assert first + b"".join(rest) == body
            with box.open_message(5) as stream:
                stream.__next__()
            box.noop()  # the rest is dropped as it comes
            file = io.BytesIO()
            assert box.download(5, file) == len(body)
            assert file.getvalue() == body


def test_a_message_that_is_gone() -> None:
    with IMAPPeer({"UID FETCH": ok()}) as peer:
        with client(peer) as box:
            box.select()
            with pytest.raises(NotFound, match="message 5"):
                box.download(5, io.BytesIO())


def test_many_bodies_in_windows() -> None:
    def bodies(line: Any, tag: bytes, command: bytes) -> bytes:
        uids = NumberSet.parse(command.split(b" ")[2].decode())
        return ok(b"".join(b"* %d FETCH (UID %d FLAGS () INTERNALDATE \" 1-Nov-2026 08:05:00 +0000\""
                           b" BODY[] {4}\r\n%04d)\r\n" % (uid, uid, uid) for uid in uids if uid != 77))

    with IMAPPeer({"UID FETCH": bodies}) as peer:
        with client(peer) as box:
            box.select()
            pulls = box.fetch_many_bodies(range(1, 1001))
            got = {uid: chunks.read() for uid, _, chunks in pulls}
            assert got == {uid: b"%04d" % uid for uid in range(1, 1001) if uid != 77}
            assert pulls.missing == NumberSet([77])
            count = 0
            for uid, meta, _ in box.fetch_many_bodies(range(1, 300)):
                count += 1
                assert meta.internal_date
                if uid == 5:
                    box.noop()
            assert count == 298


def test_large_bodies_among_many() -> None:
    large = b"x" * 700_000
    answer = ok(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n* 2 FETCH (BODY[] {%d}\r\n%s UID 2)\r\n"
                b"* 3 FETCH (UID 3 BODY[] {2}\r\nhi)\r\n" % (len(large), large, len(large), large))
    with IMAPPeer({"UID FETCH": answer}) as peer:
        with client(peer) as box:
            box.select()
            sizes = {}
            for uid, _, chunks in box.fetch_many_bodies("1:3"):
                if uid == 1:
                    with pytest.raises(BusyError):
                        box.noop()
                sizes[uid] = len(chunks.read())
            assert sizes == {1: 700_000, 2: 700_000, 3: 2}
            for uid, _, _chunks in box.fetch_many_bodies("1:3"):
                sizes[uid] = 0  # what is not read is skipped
            assert set(sizes.values()) == {0}
            for uid, _, chunks in box.fetch_many_bodies([3, 4]):
                chunks.read()
                box.noop()  # what is long is put by, meanwhile
                sizes[uid] = -1
            assert set(sizes.values()) == {-1}


def test_store_in_one_turn() -> None:
    with IMAPPeer({"UID STORE": ok(b"", b"MODIFIED 7,9")}) as peer:
        with client(peer) as box:
            box.select()
            turns = peer.turns
            stored = box.store([7, 8, 9], add="\\Seen", remove=["a", "b"], unchanged_since=5)
            assert stored.modified == NumberSet([7, 9])
            assert peer.turns == turns + 1
            assert peer.words[-2:] == [
                b"UID STORE 7:9 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen)",
                b"UID STORE 7:9 (UNCHANGEDSINCE 5) -FLAGS.SILENT (a b)"]
            for flag in ("a b", "a)", "\\", "ü", "a\r\nb", ""):
                with pytest.raises(UsageError):
                    box.store(1, add=[flag])


def test_moves_told_by_servers() -> None:
    with IMAPPeer({"UID MOVE": b"* OK [COPYUID 9 1:2 11:12] moved\r\n" + ok(),
                   "UID COPY": b"* [COPYUID 9 3 13]\r\n" + ok()}) as peer:  # home.pl has no OK
        with client(peer) as box:
            box.select()
            assert (box.move("1:2", "x")).mapping == {1: 11, 2: 12}
            assert (box.copy(3, "x")).mapping == {3: 13}


def test_a_move_without_move() -> None:
    with IMAPPeer({"UID COPY": ok(b"", b"COPYUID 9 1:2 11:12"), "UID STORE": ok(),
                   "UID EXPUNGE": ok()}, offers="IMAP4rev1 UIDPLUS") as peer:
        with client(peer) as box:
            box.select()
            assert (box.move([1, 2], "x")).uidvalidity == 9
            assert peer.asked[-3:] == ["UID COPY", "UID STORE", "UID EXPUNGE"]


def test_a_move_with_nothing_takes_no_others_along() -> None:
    with IMAPPeer({"UID COPY": ok(), "UID STORE": ok(), "EXPUNGE": ok(),
                   "UID SEARCH": [ok(b"* SEARCH 1 2 \r\n"), ok(b"* SEARCH 1 2 6\r\n")]},
                  offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            box.move([1, 2], "x")
            assert peer.asked[-2:] == ["UID SEARCH", "EXPUNGE"]
            box.move([1, 2], "x")
            assert peer.asked[-1] == "UID SEARCH"
            assert "1 others" in box.alerts[-1]
            with pytest.raises(NotSupported, match="marked"):
                box.expunge([1, 2])


def test_a_copy_that_fails_deletes_nothing() -> None:
    with IMAPPeer({"UID COPY": b"%T NO [TRYCREATE] no\r\n"}, offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            with pytest.raises(NotFound, match="TRYCREATE"):
                box.move(1, "x")
            assert "UID STORE" not in peer.asked


# -- appending ---------------------------------------------------------------------------------


def _uids(start: int = 10) -> Any:
    numbers = iter(range(start, 10_000))
    return lambda line, tag, command: ok(b"", b"APPENDUID 7 %d" % next(numbers))


@pytest.mark.parametrize(("offers", "turns"), [
    ("IMAP4rev1 LITERAL+", 1), ("IMAP4rev1 LITERAL-", 1), ("IMAP4rev1", 11)])
def test_ten_appends(offers: str, turns: int) -> None:
    with IMAPPeer({"APPEND": _uids()}, offers=offers) as peer:
        with client(peer) as box:
            before = peer.turns
            put = [one.uid for one in box.append_many("INBOX", [b"m%d" % n for n in range(10)])]
            assert put == list(range(10, 20))
            assert peer.turns - before == turns
            assert peer.words[-1] == b'APPEND "INBOX" m9'


def test_literal_minus_only_for_short_ones() -> None:
    with IMAPPeer({"APPEND": _uids()}, offers="IMAP4rev1 LITERAL-") as peer:
        with client(peer) as box:
            box.append("INBOX", b"x" * 4096)
            turns = peer.turns
            box.append("INBOX", b"x" * 4097)
            assert peer.turns == turns + 2


def test_a_refused_literal_is_not_sent() -> None:
    with IMAPPeer({"APPEND": _uids(), "literal": b"%T NO [TOOBIG] no\r\n"}, offers="IMAP4rev1") as peer:
        with client(peer) as box:
            with pytest.raises(NoSpace, match="TOOBIG"):
                box.append("INBOX", b"secret")
            box.noop()
            assert b"secret" not in peer.heard


def test_several_in_one_command() -> None:
    with IMAPPeer({"APPEND": [ok(b"", b"APPENDUID 7 4:6"), b"%T NO [TOOBIG] one\r\n", _uids(50),
                              b"%T NO [TOOBIG] one\r\n"]},
                  offers="IMAP4rev1 LITERAL+ MULTIAPPEND") as peer:
        with client(peer) as box:
            put = [one.uid for one in box.append_many("INBOX", [b"a", b"b", b"c"])]
            assert put == [4, 5, 6]
            assert peer.words[-1] == b'APPEND "INBOX" a b c'
            appends = box.append_many("INBOX", [b"a", b"b"])
            assert (appends.__next__()).uid == 50
            with pytest.raises(NoSpace):
                appends.__next__()


def test_files_iterators_flags_and_limits(tmp_path: Any) -> None:
    path = tmp_path / "m.eml"
    path.write_bytes(b"m" * 600_000)
    with IMAPPeer({"APPEND": _uids()}, offers="IMAP4rev1 LITERAL+ APPENDLIMIT=700000") as peer:
        with client(peer) as box:
            box.append("INBOX", path, flags=["\\Seen", "$x"])
            assert peer.words[-1] == b'APPEND "INBOX" (\\Seen $x) ' + b"m" * 600_000
            box.append("INBOX", iter([b"a", b"b"]))
            assert peer.words[-1] == b'APPEND "INBOX" ab'
            with path.open("rb") as file:
                file.seek(599_990)
                box.append("INBOX", file)
            assert peer.words[-1] == b'APPEND "INBOX" ' + b"m" * 10
            asked = len(peer.words)
            with pytest.raises(LimitReached, match="700,000"):
                box.append("INBOX", b"x" * 700_001)
            assert len(peer.words) == asked


def test_replacing_without_replace_never_has_none() -> None:
    with IMAPPeer({"APPEND": _uids(), "UID STORE": ok(), "UID EXPUNGE": ok()}) as peer:
        with client(peer) as box:
            box.select()
            assert (box.replace_message(3, "Drafts", b"new")).uid == 10
            assert peer.asked[-3:] == ["APPEND", "UID STORE", "UID EXPUNGE"]


# -- searching ---------------------------------------------------------------------------------


def test_searches() -> None:
    with IMAPPeer({"UID SEARCH": ok(b'* ESEARCH (TAG "A3") UID ALL 2,10:11\r\n')}) as peer:
        with client(peer) as box:
            box.select()
            assert box.search("FROM ? UNSEEN", 'a" ALL\\') == [2, 10, 11]
            assert peer.words[-1] == b'UID SEARCH RETURN (ALL) FROM "a\\" ALL\\\\" UNSEEN'
            box.search("SUBJECT ?", "Grüße")
            assert peer.words[-1] == b"UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT " + "Grüße".encode()
            with pytest.raises(UsageError):
                box.search("FROM ?", "a\r\nb")


def test_a_charset_that_is_not_known() -> None:
    with IMAPPeer({"UID SEARCH": [b"%T NO [BADCHARSET (US-ASCII)] no\r\n", ok(b"* SEARCH 4\r\n")]},
                  offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            assert box.search("SUBJECT ?", "Grüße") == [4]
            assert peer.words[-1] == b"UID SEARCH CHARSET ISO-8859-1 SUBJECT " + "Grüße".encode("latin-1")


def test_sorting_and_threading_without_the_server() -> None:
    header = (b"Message-ID: <%d@x>\r\n%sSubject: plan\r\nDate: Sat, 21 Nov 2026 0%d:00:00 +0000\r\n\r\n")
    heads = {1: header % (1, b"", 1), 2: header % (2, b"References: <1@x>\r\n", 2)}

    def fetch(line: Any, tag: bytes, command: bytes) -> bytes:
        if b"HEADER.FIELDS" in command:
            return ok(b"".join(
                b"* %d FETCH (UID %d BODY[HEADER.FIELDS (MESSAGE-ID REFERENCES IN-REPLY-TO SUBJECT "
                b"DATE FROM TO CC)] {%d}\r\n%s)\r\n" % (uid, uid, len(head), head)
                for uid, head in heads.items()))
        return ok(b"".join(
            b'* %d FETCH (UID %d INTERNALDATE " 1-Nov-2026 08:05:00 +0000" RFC822.SIZE 9 ENVELOPE ('
            b'"Sat, 21 Nov 2026 0%d:00:00 +0000" "s" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n'
            % (uid, uid, uid) for uid in heads))

    with IMAPPeer({"UID SEARCH": ok(b"* SEARCH 1 2\r\n"), "UID FETCH": fetch}, offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            assert box.sort("-date") == [2, 1]
            (thread,) = box.thread()
            assert list(thread) == [1, 2]


# -- changes and news --------------------------------------------------------------------------


def test_nothing_new_in_12_000_messages_is_one_turn() -> None:
    opened = ok(b"* 12000 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 12001] n\r\n"
                b"* OK [HIGHESTMODSEQ 900] m\r\n", b"READ-WRITE")
    with IMAPPeer({"SELECT": opened, "ENABLE": ok(b"* ENABLED QRESYNC\r\n")},
                  offers="IMAP4rev1 ENABLE QRESYNC CONDSTORE") as peer:
        with client(peer) as box:
            turns, heard = peer.turns, len(peer.heard)
            state = State(7, 12001, 900, 12000, NumberSet([(1, 12000)]))
            assert not box.changes("INBOX", state)
            assert peer.turns == turns + 1
            assert len(peer.heard) - heard < 100
            assert peer.words[-1] == b'SELECT "INBOX" (QRESYNC (7 900))'


def test_changes_by_qresync() -> None:
    opened = ok(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 12] n\r\n"
                b"* OK [HIGHESTMODSEQ 950] m\r\n* VANISHED (EARLIER) 1:4,6\r\n"
                b"* 1 FETCH (UID 5 FLAGS (\\Seen \\Recent) MODSEQ (940))\r\n"
                b"* 3 FETCH (UID 11 FLAGS () MODSEQ (950))\r\n", b"READ-WRITE")
    with IMAPPeer({"SELECT": opened, "ENABLE": ok(b"* ENABLED QRESYNC\r\n")},
                  offers="IMAP4rev1 ENABLE QRESYNC") as peer:
        with client(peer) as box:
            seen = box.changes("INBOX", State(7, 10, 900, 4, NumberSet([3, 4, 5, 9])))
            assert (list(seen.added), list(seen.vanished)) == ([11], [3, 4])
            assert seen.flags == {5: frozenset({"\\Seen"})}
            assert list(seen.state.uids) == [5, 9, 11]
            assert seen.state.highestmodseq == 950


def test_uidvalidity_that_changes_resets() -> None:
    with IMAPPeer({"UID FETCH": ok(b"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (FLAGS (\\Seen) UID 2)\r\n")},
                  offers="IMAP4rev1") as peer:
        with client(peer) as box:
            seen = box.changes("INBOX", State(6, 10, None, 4, NumberSet([3, 4, 5, 9])))
            assert seen.reset
            assert (list(seen.added), list(seen.vanished)) == ([1, 2], [])
            peer.answers["UID FETCH"] = ok(b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n"
                                           b"* 2 FETCH (FLAGS (\\Seen) UID 3)\r\n")
            again = box.changes("INBOX", seen.state)
            assert (list(again.added), list(again.vanished), again.flags) == (
                [3], [2], {1: frozenset({"\\Seen"})})


def _idle(*says: bytes) -> Any:
    def play(line: Any, tag: bytes, command: bytes) -> bytes:
        line.say(b"+ idling\r\n")
        for data in says:
            line.say(data)
        peer_line = line.hear()
        assert peer_line == b"DONE"
        return ok()

    return play


def test_idle_and_commands_between() -> None:
    with IMAPPeer({"IDLE": [_idle(b"* 4 EXISTS\r\n* OK Still here\r\n"), _idle(b"* 2 EXPUNGE\r\n")]}) as peer:
        with client(peer) as box:
            box.select()
            with box.idle(seconds=5) as watch:
                assert watch.__next__() == Arrived(4)
                box.noop()
                assert watch.__next__() == Expunged(2)
            box.noop()
            assert peer.asked[2:] == ["IDLE", "NOOP", "IDLE", "NOOP"]


def test_idle_is_renewed_and_ends() -> None:
    with IMAPPeer({"IDLE": _idle()}) as peer:
        with client(peer) as box:
            box.select()
            with box.idle(seconds=0.25, renew=0.1) as watch:
                assert [event for event in watch] == []
            assert peer.asked.count("IDLE") >= 2


def test_idle_that_the_server_ends() -> None:
    with IMAPPeer({"IDLE": _idle(b"* BYE Autologout\r\n")}) as peer:
        with client(peer) as box:
            box.select()
            with pytest.raises(ConnectionLost, match="Autologout"):
                with box.idle() as watch:
                    watch.__next__()


def test_polling_where_there_is_no_idle() -> None:
    counts = iter(range(1, 99))
    with IMAPPeer({"NOOP": [ok(), ok(b"* 4 EXISTS\r\n")], "LIST": ok(b'* LIST () "/" a\r\n'),
                   "STATUS": lambda line, tag, command: ok(b"* STATUS a (MESSAGES %d)\r\n" % next(counts))},
                  offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            with box.idle(poll=0.01) as watch:
                assert watch.__next__() == Arrived(4)
            with box.notify(poll=0.01) as watch:
                told = watch.__next__()
            assert isinstance(told, FolderStatus)
            assert (told.folder, told.status.messages) == ("a", 2)


# -- hostile -----------------------------------------------------------------------------------


def test_a_literal_of_two_gigabytes() -> None:
    with IMAPPeer({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {2147483648}\r\nabc"}) as peer:
        with client(peer) as box:
            box.select()
            with pytest.raises(ProtocolError, match="2147483648"):
                [one for one in box.fetch(1, "body")]
            assert not box.is_open


def test_a_compressed_bomb_is_read_in_pieces() -> None:
    import tracemalloc
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"* OK " + b"x" * 60_000 + b"\r\n")
    for _ in range(1_000):
        bomb += packer.compress(b"* OK " + b"x" * 60_000 + b"\r\n")
    bomb += packer.compress(b"A3 OK compressed\r\n") + packer.flush()

    with IMAPPeer({"COMPRESS": ok(), "NOOP": None}, offers="IMAP4rev1 COMPRESS=DEFLATE") as peer:
        with client(peer) as box:
            box._news = type(box._news)(maxlen=10)
            box.compress()
            peer.lines[0].say(bomb)
            tracemalloc.start()
            try:
                box.capability()
                assert tracemalloc.get_traced_memory()[1] < 30 << 20
            finally:
                tracemalloc.stop()


@pytest.mark.parametrize("data", [b"\xff\xfe\r\n", b"A99 OK x\r\n", b"+ more\r\n", b"A2 MAYBE\r\n"])
def test_broken_rules_end_it(data: bytes) -> None:
    with IMAPPeer({"NOOP": data}) as peer:
        with client(peer) as box:
            with pytest.raises(ProtocolError):
                box.noop()
            assert not box.is_open
