# GENERATED from test_imap_words_async.py by tools/unasync.py: edit that file, not this one.
"""Extensions that few servers have: what is sent, and what is made of the answer."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from imap_peer import IMAPPeer, ok

from postel.errors import NotFound, NotSupported, UsageError
from postel.imap import NumberSet, Progress
from postel.imap.client_sync import Client
from postel.imap.learned import LEARNED

OFFERS = ("IMAP4rev1 AUTH=PLAIN SASL-IR LITERAL+ ENABLE QUOTA ACL METADATA URLAUTH CATENATE REPLACE BINARY "
          "UNAUTHENTICATE LANGUAGE MULTISEARCH SEARCHRES ESEARCH PARTIAL SORT THREAD=REFS X-GM-EXT-1 "
          "UIDONLY UIDPLUS CONDSTORE NOTIFY IDLE UTF8=ACCEPT CREATE-SPECIAL-USE")


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


def client(peer: Any, **keywords: Any) -> Client:
    settings = {"user": "ann", "password": "pw", "security": "plain", "timeout": 5.0, **keywords}
    return Client("127.0.0.1", port=peer.port, **settings)


WORDS = [
    ("set_quota", ("", {"storage": 512}), b'SETQUOTA "" (STORAGE 512)', b'* QUOTA "" (STORAGE 10 512)\r\n'),
    ("quota", ("INBOX",), b'GETQUOTAROOT "INBOX"', b'* QUOTAROOT INBOX ""\r\n* QUOTA "" (STORAGE 10 512)\r\n'),
    ("acl", ("Ü",), b'GETACL "&ANw-"', b'* ACL "&ANw-" ann lrs\r\n'),
    ("set_acl", ("a", "bob", "+lr"), b'SETACL "a" "bob" +lr', b""),
    ("set_acl", ("a", "bob", ""), b'DELETEACL "a" "bob"', b""),
    ("my_rights", ("a",), b'MYRIGHTS "a"', b"* MYRIGHTS a rwipslda\r\n"),
    ("list_rights", ("a", "bob"), b'LISTRIGHTS "a" "bob"', b"* LISTRIGHTS a bob la r s w\r\n"),
    ("metadata", ("a", ["/private/comment"]), b'GETMETADATA (DEPTH infinity) "a" ("/private/comment")',
     b'* METADATA a (/private/comment "hi")\r\n'),
    ("set_metadata", ("", {"/private/a": "x\r\ny", "/private/b": None}),
     b'SETMETADATA "" ("/private/a" x\r\ny "/private/b" NIL)', b""),
    ("genurlauth", ("imap://joe@x/INBOX/;uid=20;urlauth=anonymous",),
     b'GENURLAUTH "imap://joe@x/INBOX/;uid=20;urlauth=anonymous" INTERNAL', b'* GENURLAUTH "imap://x:internal:91"\r\n'),
    ("urlfetch", ("imap://x",), b'URLFETCH "imap://x"', b'* URLFETCH "imap://x" {2}\r\nhi\r\n'),
    ("resetkey", (), b"RESETKEY", b""),
    ("set_language", ("de",), b"LANGUAGE de", b"* LANGUAGE (DE)\r\n"),
    ("search_folders", ("SUBJECT ?", "x"), b'ESEARCH IN (personal) RETURN (ALL) SUBJECT "x"',
     b'* ESEARCH (TAG "A3" MAILBOX "a" UIDVALIDITY 1) UID ALL 4:5\r\n'),
    ("search_save", ("SEEN",), b"UID SEARCH RETURN (SAVE) SEEN", b""),
    ("search_page", (-10, -1), b"UID SEARCH RETURN (PARTIAL -10:-1) ALL",
     b'* ESEARCH (TAG "A3") UID PARTIAL (-1:-10 7:9)\r\n'),
    ("sort", ("-date subject", "SEEN"), b"UID SORT (REVERSE DATE SUBJECT) UTF-8 SEEN", b"* SORT 5 3\r\n"),
    ("thread", (), b"UID THREAD REFS UTF-8 ALL", b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n"),
    ("label", ("1:2",), b"UID STORE 1:2 +X-GM-LABELS.SILENT (\\Inbox \"Gr&APw-n\")", b""),
    ("create", ("a",), b'CREATE "a" (USE (\\Sent))', b""),
]
RESULTS: dict[str, Any] = {
    "urlfetch": b"hi", "genurlauth": "imap://x:internal:91", "set_language": ("DE",),
    "search_folders": {"a": NumberSet([4, 5])}, "search_page": [7, 8, 9], "sort": [5, 3]}
MORE: dict[str, dict[str, Any]] = {
    "label": {"add": ["\\Inbox", "Grün"]}, "create": {"role": "sent"}, "thread": {"algorithm": "REFS"}}


@pytest.mark.parametrize(("word", "arguments", "sent", "answer"), WORDS)
def test_words(word: str, arguments: tuple[Any, ...], sent: bytes, answer: bytes) -> None:
    with IMAPPeer(offers=OFFERS) as peer:
        with client(peer) as box:
            box.select()
            words = sent.split(b" ")
            verb = b" ".join(words[:2]) if words[0] == b"UID" else words[0]
            peer.answers[verb.decode()] = ok(answer)
            result = getattr(box, word)(*arguments, **MORE.get(word, {}))
            assert peer.words[-1] == sent
            if word in RESULTS:
                assert result == RESULTS[word]


def test_what_is_not_offered_is_not_asked() -> None:
    with IMAPPeer(offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            asked = len(peer.words)
            for word, arguments, _, _ in WORDS:
                if word in ("search_page", "sort", "thread", "create"):
                    continue
                with pytest.raises(NotSupported):
                    getattr(box, word)(*arguments, **MORE.get(word, {}))
            for word in ("unauthenticate", "compress"):
                with pytest.raises(NotSupported):
                    getattr(box, word)()
            with pytest.raises(NotSupported):
                box.catenate("a", ["x"])
            with pytest.raises(NotSupported):
                box.store(1, add="x", unchanged_since=1)
            assert len(peer.words) == asked


def test_catenate_and_replace() -> None:
    with IMAPPeer({"APPEND": ok(b"", b"APPENDUID 7 5"), "UID REPLACE": b"* OK [APPENDUID 7 9] there\r\n" + ok()},
                  offers=OFFERS) as peer:
        with client(peer) as box:
            box.select()
            put = box.catenate("a", [b"Subject: x\r\n\r\n", "/INBOX;UIDVALIDITY=1/;UID=2"], flags=["\\Seen"])
            assert put.uid == 5
            assert peer.words[-1] == (b'APPEND "a" (\\Seen) CATENATE (TEXT Subject: x\r\n\r\n URL '
                                      b'"/INBOX;UIDVALIDITY=1/;UID=2")')
            box.replace_message(4, "Drafts", b"new")
            assert peer.words[-1] == b'UID REPLACE 4 "Drafts" new'


def test_another_user_on_the_same_connection() -> None:
    with IMAPPeer({"UNAUTHENTICATE": ok()}, offers=OFFERS) as peer:
        with client(peer) as box:
            box.select()
            box.unauthenticate()
            assert box.selected is None
            box.user = "bob"
            box.authenticate()
            assert peer.asked == ["AUTHENTICATE", "SELECT", "UNAUTHENTICATE", "CAPABILITY", "AUTHENTICATE"]


def test_messages_without_numbers() -> None:
    with IMAPPeer({"ENABLE": ok(b"* ENABLED UIDONLY\r\n"),
                   "UID FETCH": ok(b"* 25997 UIDFETCH (FLAGS (\\Seen))\r\n* 25998 UIDFETCH (FLAGS ())\r\n")},
                  offers=OFFERS) as peer:
        with client(peer) as box:
            assert box.enable("UIDONLY") == {"UIDONLY"}
            box.select()
            found = [one for one in box.fetch("1:*", "flags")]
            assert [(one.uid, one.number) for one in found] == [(25997, 0), (25998, 0)]


def test_limits_and_progress() -> None:
    with IMAPPeer({"UID FETCH": b'* OK [INPROGRESS ("A3" 175 1000)] working\r\n' + ok(), "UID STORE": ok()},
                  offers="IMAP4rev1 MESSAGELIMIT=3 LITERAL+") as peer:
        with client(peer) as box:
            told: list[Progress] = []
            box.watch_progress = told.append
            box.select()
            _ = [one for one in box.fetch(range(1, 8), "flags")]
            assert [word.split(b" ")[2] for word in peer.words[-3:]] == [b"1:3", b"4:6", b"7"]
            assert told[0].total == 1000
            box.store([1, 3, 5, 7], add="x")
            assert [word.split(b" ")[2] for word in peer.words[-2:]] == [b"1,3,5", b"7"]


def test_a_message_with_utf8_in_its_header() -> None:
    with IMAPPeer({"ENABLE": ok(b"* ENABLED UTF8=ACCEPT\r\n"), "APPEND": ok(), "CREATE": ok()},
                  offers=OFFERS) as peer:
        with client(peer) as box:
            box.enable("UTF8=ACCEPT")
            box.append("Entwürfe", "Subject: Grüße\r\n\r\n".encode())
            assert "APPEND \"Entwürfe\" UTF8 (~{20+}".encode() in peer.heard
            box.append("INBOX", b"Subject: x\r\n\r\n\0")
            assert b'APPEND "INBOX" ~{15+}' in peer.heard


def test_parts_decoded_by_the_server() -> None:
    with IMAPPeer({"UID FETCH": [ok(b"* 1 FETCH (UID 1 BINARY[2] ~{3}\r\n\0\1\2)\r\n"),
                                 b"%T NO [UNKNOWN-CTE] what?\r\n"]}, offers=OFFERS) as peer:
        with client(peer) as box:
            box.select()
            with box.open_message(1, "2", binary=True) as body:
                assert b"".join([chunk for chunk in body]) == b"\0\1\2"
            assert peer.words[-1] == b"UID FETCH 1 (UID BINARY.PEEK[2])"
            with pytest.raises(NotSupported, match="UNKNOWN-CTE"):
                with box.open_message(1, "2", binary=True) as body:
                    _ = [chunk for chunk in body]


def test_urls_that_are_not_valid_any_more() -> None:
    with IMAPPeer({"URLFETCH": ok(b'* URLFETCH "imap://x" NIL\r\n'), "GENURLAUTH": ok()}, offers=OFFERS) as peer:
        with client(peer) as box:
            with pytest.raises(NotFound, match="nothing there"):
                box.urlfetch("imap://x")
            with pytest.raises(NotFound, match="no URL"):
                box.genurlauth("imap://x")


def test_pages_cut_here() -> None:
    with IMAPPeer({"UID SEARCH": ok(b"* SEARCH 1 2 3 4 5\r\n")}, offers="IMAP4rev1") as peer:
        with client(peer) as box:
            box.select()
            assert box.search_page(2, 3) == [2, 3]
            assert box.search_page(-2, -1) == [4, 5]
            assert box.search_page(4, 99) == [4, 5]
            found = box.search_counts("ALL")
            assert (found.count, found.least, found.greatest) == (5, 1, 5)
            for first, last in ((0, 1), (-1, 1)):
                with pytest.raises(UsageError):
                    box.search_page(first, last)


def test_two_gigabytes_announced_cost_nothing() -> None:
    def play(line: Any, tag: bytes, command: bytes) -> None:
        line.say(b"* 1 FETCH (UID 1 BODY[] {2147483648}\r\n" + b"x" * 1024)

    with IMAPPeer({"UID FETCH": play}) as peer:
        with client(peer, timeout=0.3) as box:
            box.select()
            tracemalloc.start()
            try:
                with box.open_message(1) as body:
                    assert len(body.__next__()) > 0
                assert tracemalloc.get_traced_memory()[1] < 1 << 20
            finally:
                tracemalloc.stop()
            box._leaving = True
            box._drop()
