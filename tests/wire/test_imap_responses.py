"""Responses as typed results: every item and kind, and what servers get wrong."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

from postel.errors import ProtocolError, UsageError
from postel.imap import responses
from postel.imap.envelope import Envelope
from postel.imap.fetched import fetched, selected
from postel.imap.sequence import NumberSet
from postel.imap.state import Changes, State
from postel.imap.types import Fetched, Folder, Found, Namespace, Resource, Thread
from postel.imap.wire import Reply, Untagged, Wire
from postel.messages.addresses import Address, Group


def said(*lines: bytes) -> list[Untagged | Reply]:
    """What a server's bytes are read as."""
    wire = Wire()
    wire.feed(b"* OK ready\r\n" + b"\r\n".join(lines) + b"\r\n")
    wire.next_event()
    found: list[Untagged | Reply] = []
    while (event := wire.next_event()) is not None:
        assert isinstance(event[1], Untagged | Reply)
        found.append(event[1])
    return found


def data(line: bytes) -> Untagged:
    [one] = said(line)
    assert isinstance(one, Untagged)
    return one


def reply(line: bytes) -> Reply:
    [one] = said(line)
    assert isinstance(one, Reply)
    return one


def message(items: bytes) -> Fetched:
    return fetched(data(b"* 12 FETCH (" + items + b")"))


ITEMS = [
    (b"UID 7", "uid", 7),
    (b"FLAGS (\\SEEN $Forwarded \\flagged)", "flags", {"\\Seen", "$Forwarded", "\\Flagged"}),
    (b"FLAGS ()", "flags", set()),
    (b'INTERNALDATE "17-Jul-1996 02:44:25 -0730"', "internal_date",
     datetime(1996, 7, 17, 2, 44, 25, tzinfo=timezone(-timedelta(hours=7, minutes=30)))),
    (b'INTERNALDATE " 1-Feb-2024 00:00:00 +0000"', "internal_date", datetime(2024, 2, 1, tzinfo=UTC)),
    (b"INTERNALDATE NIL", "internal_date", None),
    (b"RFC822.SIZE 44827", "size", 44827),
    (b"RFC822.SIZE 9.3736e+06", "size", 9373600),  # mail.ru
    (b"RFC822.SIZE -1", "size", None),
    (b"MODSEQ (624140003)", "modseq", 624140003),
    (b"EMAILID (M6d99ac3275bb4e)", "email_id", "M6d99ac3275bb4e"),
    (b"THREADID (T64b478a75b7ea9)", "thread_id", "T64b478a75b7ea9"),
    (b"THREADID NIL", "thread_id", ""),
    (b'PREVIEW "Hello there"', "preview", "Hello there"),
    (b'PREVIEW (FUZZY "Hello there")', "preview", "Hello there"),
    (b"PREVIEW NIL", "preview", None),
    (b'SAVEDATE "01-Jan-2015 02:44:25 +0000"', "save_date",
     datetime(2015, 1, 1, 2, 44, 25, tzinfo=UTC)),
    (b"X-GM-MSGID 1278455344230334865", "email_id", "1278455344230334865"),
    (b"X-GM-THRID 1266894439832287888", "thread_id", "1266894439832287888"),
    (b'X-GM-LABELS (\\Inbox "\\\\Sent" Important "Muy Importante" Entw&APw-rfe)', "labels",
     {"\\Inbox", "\\Sent", "Important", "Muy Importante", "Entwürfe"}),
    (b"X-GM-LABELS NIL", "labels", set()),
    (b"X-GM-LABELS (NIL)", "labels", set()),
    (b'BODY[] "whole"', "bodies", {"": b"whole"}),
    (b'RFC822 "whole"', "bodies", {"": b"whole"}),
    (b'RFC822.HEADER "h" RFC822.TEXT "t"', "bodies", {"HEADER": b"h", "TEXT": b"t"}),
    (b'BODY[1.2.MIME] "m"', "bodies", {"1.2.MIME": b"m"}),
    (b'BODY[1]<0> "part"', "bodies", {"1<0>": b"part"}),
    (b'body[header.fields (Subject "From")] "f"', "bodies", {"HEADER.FIELDS (SUBJECT FROM)": b"f"}),
    (b"BODY[7] NIL", "bodies", {}),
    (b'BINARY[1.1] "decoded"', "binaries", {"1.1": b"decoded"}),
    (b"BINARY.SIZE[1.1] 99", "binary_sizes", {"1.1": 99}),
    (b"X-NEW (1 2)", "annotations", {"X-NEW": ["1", "2"]}),
]


@pytest.mark.parametrize(("items", "place", "value"), ITEMS, ids=[one[0].decode() for one in ITEMS])
def test_items(items: bytes, place: str, value: object) -> None:
    one = message(items)
    assert getattr(one, place) == value
    assert one.number == 12
    assert one == message(b"" + items)
    assert pickle.loads(pickle.dumps(one)) == one


def test_all_items_at_once_and_what_was_told() -> None:
    one = message(b"uid 7 FLAGS (\\Seen) BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 3 1)")
    assert one.items == ("UID", "FLAGS", "BODYSTRUCTURE")
    assert one.structure is not None
    assert one.structure.content_type == "text/plain"
    assert one.envelope is None


def test_items_without_numbers() -> None:
    one = fetched(data(b"* 25996 UIDFETCH (FLAGS (\\Seen))"))
    assert (one.number, one.uid) == (0, 25996)


def test_a_parenthesis_too_many() -> None:
    one = fetched(data(b"* 1 FETCH (UID 5) FLAGS (\\Seen))"))
    assert one.uid == 5
    assert one.flags == {"\\Seen"}


def test_another_kind_is_refused() -> None:
    with pytest.raises(ProtocolError, match="EXISTS where FETCH belongs"):
        fetched(data(b"* 3 EXISTS"))
    with pytest.raises(ProtocolError, match="EXISTS where STATUS belongs"):
        responses.status(data(b"* 3 EXISTS"))


# -- envelopes -----------------------------------------------------------------------------


def test_an_envelope() -> None:
    one = message(
        b'ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg" '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) (("T" NIL "gray" "cac.example")) NIL '
        b'((NIL NIL "imap" "cac.example")("John" NIL "K" "x.example")) '
        b'((NIL NIL "team" NIL)("A" NIL "a" "x.example")(NIL NIL NIL NIL)) NIL '
        b'"<A@x>" "<B27397-0100000@cac.washington.edu>")').envelope
    assert one is not None
    assert one.date == datetime(1996, 7, 17, 2, 23, 25, tzinfo=timezone(-timedelta(hours=7)))
    assert one.subject == "IMAP4rev2 WG mtg"
    assert one.from_ == (Address("Terry Gray", "gray@cac.washington.edu"),)
    assert one.to == (Address("", "imap@cac.example"), Address("John", "K@x.example"))
    assert one.cc == (Group("team", (Address("A", "a@x.example"),)),)
    assert one.reply_to == one.bcc == ()
    assert (one.in_reply_to, one.message_id) == ("<A@x>", "<B27397-0100000@cac.washington.edu>")
    assert one == pickle.loads(pickle.dumps(one))
    assert hash(one) == hash(Envelope(one.values))
    with pytest.raises(AttributeError, match="does not change"):
        one.date = None  # type: ignore[misc]


def test_odd_envelopes() -> None:
    short = Envelope([b"x", b"y"])  # the last slots left out
    assert (short.date, short.message_id, short.to) == (None, "", ())
    raw = Envelope([None, "Grüße".encode(), [[b"=?utf-8?q?J=C3=B6rg?=", None, b"j@x.example", None]]])
    assert raw.subject == "Grüße"
    assert raw.from_ == (Address("Jörg", "j@x.example"),)
    assert Envelope([None, b"a\r\n b"]).subject == "a b"
    opened = Envelope([None, None, [[None, None, b"g", None], [b"A", None, b"a", b"x"]]])
    assert opened.from_ == (Group("g", (Address("A", "a@x"),)),)
    assert Envelope([None, None, [b"A", None, b"a", b"x"]]).from_ == (Address("A", "a@x"),)
    assert Envelope([None, None, [[], [None, None, b"", b""], None]]).from_ == ()
    assert Envelope().values == ()
    # Dovecot, UW: what is missing has a name
    lacking = Envelope([None, None, [[b"A", None, b"a", b"MISSING_DOMAIN"],
                                     [b"B", None, b"b", b".MISSING-HOST-NAME."],
                                     [None, None, b"MISSING_MAILBOX", b"MISSING_DOMAIN"]]])
    assert lacking.from_ == (Address("A", "a"), Address("B", "b"))
    assert message(b'ENVELOPE (NIL NIL (("A" NIL "a" "MISSING_DOMAIN")) NIL NIL NIL NIL NIL NIL NIL)'
                   ).envelope.from_ == (Address("A", "a"),)  # type: ignore[union-attr]
    swapped = Envelope([None, None, [[b"a@x.example", None, b"Ann Example", None]]])
    assert swapped.from_ == (Address("Ann Example", "a@x.example"),)
    nine = Envelope([b"x", *[None] * 7, b"<id@x>"])  # In-Reply-To has no slot
    assert (nine.message_id, nine.in_reply_to) == ("<id@x>", "")


# -- folders -------------------------------------------------------------------------------


def test_folders() -> None:
    one = responses.folder(data(b'* LIST (\\hasnochildren \\SENT) "/" {4}\r\nSent'))
    assert one == Folder("Sent", "/", frozenset({"\\HasNoChildren", "\\Sent"}), "sent", b"Sent")
    assert responses.folder(data(b'* LIST () NIL inbox')).role == "inbox"
    assert responses.folder(data(b'* LSUB () "." a.b')).is_subscribed
    assert responses.folder(data(b'* LIST () "." a.b')).path == ("a", "b")
    assert not responses.folder(data(b"* LIST (\\NOSELECT) NIL x")).is_selectable
    assert responses.folder(data(b'* XLIST (\\HasNoChildren \\Inbox) "/" "Posteingang"')).role == "inbox"
    extended = responses.folder(data(
        b'* LIST (\\NonExistent) "/" "Fruit" ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("Obst"))'))
    assert extended.child_info == {"SUBSCRIBED"}
    assert extended.old_name == "Obst"
    assert responses.folder(data(b"* LIST () NIL Entw&APw-rfe"), utf8=True).name == "Entw&APw-rfe"
    broken = responses.folder(data(b'* LIST () "/" "broken &AP-"'))
    assert (broken.name, broken.raw) == ("broken &AP-", b"broken &AP-")
    assert responses.folder(data(b'* LIST () "/" 2024')).name == "2024"
    assert responses.folder(data(b'* LIST () "/" Public Folders/a b')).raw == b"Public Folders/a b"


def test_status() -> None:
    name, told = responses.status(data(
        b"* STATUS Gr&APwA3w-e (MESSAGES 3 UNSEEN 1 RECENT 0 UIDNEXT 9 UIDVALIDITY 7 DELETED 1 SIZE 812 "
        b"HIGHESTMODSEQ 77 MAILBOXID (F2212ea87) APPENDLIMIT NIL DELETED-STORAGE 5) "))
    assert name == b"Gr&APwA3w-e"
    assert (told.messages, told.unseen, told.recent, told.uidnext, told.uidvalidity) == (3, 1, 0, 9, 7)
    assert (told.deleted, told.size, told.highestmodseq, told.mailbox_id) == (1, 812, 77, "F2212ea87")
    assert told.append_limit is None
    assert "APPENDLIMIT" in told.told
    assert told.deleted_storage == 5


# -- searches and threads ------------------------------------------------------------------


@pytest.mark.parametrize(("line", "found"), [
    (b"* SEARCH", Found()),
    (b"* SEARCH 2 3 6 ", Found((2, 3, 6))),  # Yahoo's space at the end
    (b"* SEARCH 2 5 (MODSEQ 917162500)", Found((2, 5), modseq=917162500)),
    (b"* SORT 5 3 4", Found((5, 3, 4))),
    (b'* ESEARCH (TAG "A1") UID COUNT 5 ALL 4:6,1', Found((4, 5, 6, 1), True, 5, tag="A1")),
    (b'* ESEARCH (TAG "A1") MIN 2 MAX 9', Found((), least=2, greatest=9, tag="A1")),
    (b"* ESEARCH ALL 3:1", Found((3, 2, 1))),
    (b"* ESEARCH", Found()),
    (b'* ESEARCH (TAG "A1") UID PARTIAL (1:3 7,9:10) MODSEQ 4',
     Found((7, 9, 10), True, modseq=4, part="1:3", tag="A1")),
    (b'* ESEARCH (TAG "A1") UID PARTIAL (-1:-100 NIL)', Found((), True, part="-1:-100", tag="A1")),
    (b'* ESEARCH (TAG "B" MAILBOX "f" UIDVALIDITY 1) UID ALL 2',
     Found((2,), True, folder="f", uidvalidity=1, tag="B")),
    (b'* ESEARCH (TAG "B") UID ADDTO (1 2733) REMOVEFROM (0 9:10)',
     Found((), True, tag="B", added=((1, NumberSet([2733])),), removed=((0, NumberSet([(9, 10)])),))),
    (b'* ESEARCH (TAG "B") ALL 1,5 RELEVANCY (4 99)', Found((1, 5), tag="B", relevancy=(4, 99))),
])
def test_searches(line: bytes, found: Found) -> None:
    assert responses.found(data(line)) == found


def test_a_short_answer_that_means_too_much() -> None:
    with pytest.raises(ProtocolError, match="over 10000000 messages"):
        responses.found(data(b"* ESEARCH ALL 1:4294967295"))


def test_threads() -> None:
    two, three = responses.thread(data(b"* THREAD (2)(3 6 (4 23)(44 7 96))"))
    assert two == Thread((2,))
    assert three == Thread((3, 6), (Thread((4, 23)), Thread((44, 7, 96))))
    assert list(three) == [3, 6, 4, 23, 44, 7, 96]
    [lost] = responses.thread(data(b"* THREAD ((3)(5))"))
    assert lost == Thread((), (Thread((3,)), Thread((5,))))
    deep = b"(1 " * 900 + b"(2)(3)" + b")" * 900
    assert sum(responses.thread(data(b"* THREAD " + deep))[0]) == 905


# -- the rest ------------------------------------------------------------------------------


def test_vanished_quota_rights_metadata_namespaces() -> None:
    assert responses.vanished(data(b"* VANISHED (EARLIER) 300:310,405")).earlier
    assert len(responses.vanished(data(b"* VANISHED 300:310,405")).uids) == 12
    quota = responses.quota(data(b'* QUOTA "!partition" (STORAGE 104840 10921 message 7 8)'))
    assert quota.resources == (Resource("STORAGE", 104840, 10921), Resource("MESSAGE", 7, 8))
    assert quota["message"].limit == 8
    with pytest.raises(KeyError):
        quota["x"]
    assert responses.quota(data(b'* QUOTA "" ()')).resources == ()
    assert responses.quota_root(data(b'* QUOTAROOT INBOX "" more')).roots == ("", "more")
    acl = responses.acl(data(b"* ACL INBOX Fred rwipsldexta -ann lr"))
    assert acl.rights["Fred"] == frozenset("rwipsldexta")
    assert acl.rights["-ann"] == frozenset("lr")
    assert responses.my_rights(data(b"* MYRIGHTS INBOX lrcd")).rights[""] == frozenset("lrcdkxte")
    given = responses.list_rights(data(b'* LISTRIGHTS ~/x smith "" l r s w ta'))
    assert (given.required, given.optional[-1]) == (frozenset(), frozenset("ta"))
    told = responses.metadata(data(b'* METADATA "INBOX" (/private/comment "My" /shared/comment NIL)'))
    assert told.entries == {"/private/comment": b"My", "/shared/comment": None}
    assert responses.metadata(data(b'* METADATA "" /shared/comment')).changed == ("/shared/comment",)
    spaces = responses.namespaces(data(
        b'* NAMESPACE (("" "/")) NIL (("Public Folders/" "/" "X" ("a"))("#x" NIL))'))
    assert spaces.personal == (Namespace("", "/"),)
    assert spaces.others == ()
    assert spaces.shared == (Namespace("Public Folders/", "/"), Namespace("#x", ""))


def test_identity_enabled_capabilities() -> None:
    told = responses.identity(data(b'* ID ("NAME" "Dovecot" "version" "2.3" "os" NIL)'))
    assert str(told) == "Dovecot 2.3"
    assert responses.identity(data(b"* ID NIL")).fields == {}
    assert responses.enabled(data(b"* ENABLED QResync CONDSTORE")) == {"QRESYNC", "CONDSTORE"}
    assert responses.capabilities(data(b"* CAPABILITY IMAP4rev1 AUTH=plain")) == {
        "IMAP4REV1", "AUTH=PLAIN"}
    assert responses.capabilities(reply(b"* OK [CAPABILITY IMAP4rev1] hi")) == {"IMAP4REV1"}
    assert responses.capabilities(reply(b"* OK hi")) == frozenset()


def test_codes() -> None:
    assert responses.copied(reply(b"* [COPYUID 1 5:7 1:3] done")).mapping == {5: 1, 6: 2, 7: 3}  # home.pl
    assert responses.copied(reply(b"* OK [COPYUID 1 5:7 1:2] done")).mapping is None
    assert responses.copied(reply(b"* OK done")).uidvalidity is None
    assert responses.appended(reply(b"* OK [APPENDUID 1 4:5] done")).uids == (4, 5)
    assert responses.appended(reply(b"* OK done")).uid is None
    assert responses.modified(reply(b"* OK [MODIFIED 7,9] no")) == NumberSet([7, 9])
    assert responses.modified(reply(b"* OK done")) == NumberSet()
    assert responses.progress(reply(b"* OK done")) is None
    told = responses.progress(reply(b'* OK [INPROGRESS ("A1" NIL NIL)] wait'))
    assert told is not None
    assert (told.tag, told.done) == ("A1", None)


def test_what_select_tells() -> None:
    box = selected("INBOX", b"INBOX", said(
        b"* 172 EXISTS", b"* 1 RECENT", b"* OK [UNSEEN 12] first", b"* OK [UIDVALIDITY 3857529045] x",
        b"* OK [UIDNEXT 4392] x", b"* FLAGS (\\Answered \\seen)",
        b"* OK [PERMANENTFLAGS (\\Deleted \\*)] x", b"* OK [HIGHESTMODSEQ 715194045007]",
        b"* OK [MAILBOXID (F1)] x", b"* VANISHED (EARLIER) 41,43:45", b"* OK [UIDNOTSTICKY] x",
        b"* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))", b"* OK [READ-ONLY] done"))
    assert (box.exists, box.recent, box.unseen, box.uidvalidity, box.uidnext) == (
        172, 1, 12, 3857529045, 4392)
    assert box.flags == {"\\Answered", "\\Seen"}
    assert box.permanent_flags == {"\\Deleted", "\\*"}
    assert (box.highestmodseq, box.mailbox_id, box.read_only, box.uids_stay) == (
        715194045007, "F1", True, False)
    assert list(box.vanished) == [41, 43, 44, 45]
    assert [one.uid for one in box.changed] == [117]
    assert selected("x", b"x", said(b"* OK [NOMODSEQ] x")).highestmodseq is None


def test_state_travels() -> None:
    known = State(7, 10, 99, 2, NumberSet([3, 9]), State.grouped([(3, ["\\Seen"]), (9, [])]), "F")
    assert State.from_json(known.to_json()) == known
    assert known.flags_of(9) == frozenset()
    for text in ("", "[]", "{}", '{"form":1}', known.to_json().replace("3,9", "x"),
                 known.to_json().replace(":99", ':"99"')):
        with pytest.raises(UsageError, match="this is none"):
            State.from_json(text)
    with pytest.raises(UsageError, match="form 2"):
        State.from_json('{"form":2}')
    assert not Changes(NumberSet(), NumberSet(), {}, known)
    assert Changes(NumberSet(), NumberSet(), {}, known, reset=True)
