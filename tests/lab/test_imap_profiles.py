"""The lab's IMAP server as other servers are: profiles, quirks, and what goes wrong on demand."""

from __future__ import annotations

import re

import pytest
from imap_talk import MAIL, Talk

from postel.errors import UsageError
from postel.imap.server import PROFILES, QUIRKS
from postel.lab import Lab

BEFORE = {"gmail": "XYZZY", "outlook": "AUTH=XOAUTH2", "yahoo": "OBJECTID", "icloud": "SASL-IR",
          "dovecot": "LITERAL+", "cyrus": "AUTH=SCRAM-SHA-256", "courier": "AUTH=CRAM-MD5",
          "bare": "IMAP4rev1"}
HAS = {"gmail": ("IDLE", "CONDSTORE", "X-GM-EXT-1", "MOVE"), "outlook": ("IDLE", "UIDPLUS", "MOVE"),
       "yahoo": ("MOVE", "OBJECTID"), "icloud": ("QRESYNC", "IDLE", "SORT"),
       "dovecot": ("QRESYNC", "NOTIFY", "MOVE"), "cyrus": ("QRESYNC", "METADATA", "ACL"),
       "courier": ("IDLE", "THREAD=REFERENCES"), "bare": ()}
REV2 = ("ESEARCH", "SEARCHRES", "NAMESPACE", "ENABLE", "UNSELECT", "UIDPLUS", "MOVE",
        "LIST-EXTENDED", "LIST-STATUS", "STATUS=SIZE")
LACKS = {"gmail": ("QRESYNC", "SORT"), "outlook": ("CONDSTORE", "SPECIAL-USE"), "yahoo": ("IDLE",),
         "icloud": ("MOVE", "SPECIAL-USE"), "dovecot": ("ACL", "QUOTA"), "cyrus": ("NOTIFY",),
         "courier": ("ENABLE", "LITERAL+"), "bare": ("UIDPLUS", "IDLE", "LITERAL+", "CHILDREN")}


@pytest.mark.parametrize("name", sorted(BEFORE))
def test_a_profile_offers_what_its_servers_do(imap: Lab, name: str) -> None:
    imap.imap.use(name)
    talk = Talk(imap, login=False)
    assert BEFORE[name].encode() in talk.greeting
    talk.ok("LOGIN alice secret")
    offered = set(talk.ok("CAPABILITY").split(b"\r\n")[0].decode().split())
    assert set(HAS[name]) <= offered
    assert not offered & set(LACKS[name])
    listed = talk.ok('LIST "" *').decode()
    assert f'"{PROFILES[name].delimiter}"' in listed
    for folder, _ in PROFILES[name].folders:
        assert folder in listed
    assert ("\\Sent" in listed) == (name in ("gmail", "dovecot", "cyrus"))
    if name != "bare":
        assert f'"{PROFILES[name].prefix}"' in talk.ok("NAMESPACE").decode()
    talk.close()


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_all_that_is_offered_is_done(imap: Lab, name: str) -> None:
    """Every capability that has a command answers it; every other command is unknown."""
    imap.imap.use(name)
    talk = Talk(imap)
    talk.ok("SELECT INBOX")
    has = imap.imap.options.has
    for command, capability in (
            ("NAMESPACE", "NAMESPACE"), ("ID NIL", "ID"), ("ENABLE CONDSTORE", "ENABLE"),
            ("GETQUOTAROOT INBOX", "QUOTA"), ("MYRIGHTS INBOX", "ACL"),
            ("GETMETADATA INBOX /private/x", "METADATA"), ("UID EXPUNGE 1", "UIDPLUS"),
            ("UID MOVE 1 INBOX", "MOVE"), ("SORT (DATE) UTF-8 ALL", "SORT"),
            ("THREAD REFERENCES UTF-8 ALL", "THREAD"), ("SEARCH RETURN (COUNT) ALL", "ESEARCH"),
            ("SEARCH RETURN (SAVE) ALL", "SEARCHRES"), ("NOTIFY NONE", "NOTIFY"),
            ("STATUS INBOX (SIZE)", "STATUS=SIZE"), ("SEARCH YOUNGER 5", "WITHIN"),
            ("STATUS INBOX (HIGHESTMODSEQ)", "CONDSTORE"), ('LIST (SUBSCRIBED) "" *',
                                                             "LIST-EXTENDED"),
            ('LIST "" % RETURN (STATUS (MESSAGES))', "LIST-STATUS"), ("UNSELECT", "UNSELECT")):
        answer = talk.say(command)
        bad = re.search(rb"^t\d+ BAD", answer, re.MULTILINE) is not None
        assert bad is not (has(capability) or (capability in REV2 and has("IMAP4rev2"))), answer
    talk.close()


def test_unknown_profiles_and_quirks(imap: Lab) -> None:
    with pytest.raises(UsageError, match="no such profile"):
        imap.imap.use("nobody")
    with pytest.raises(UsageError, match="no such quirk"):
        imap.imap.quirks("perfection")


def test_gmail_labels(imap: Lab) -> None:
    imap.imap.use("gmail")
    mail = imap.imap.mailbox("alice")
    mail.append("INBOX", MAIL % (1, 1, 1, 1))
    talk = Talk(imap)
    assert b"[HIGHESTMODSEQ 2]\r\n" in talk.ok("SELECT INBOX"), "without a text, as there"
    answer = talk.ok("FETCH 1 (X-GM-MSGID X-GM-THRID X-GM-LABELS)")
    match = re.search(rb"X-GM-MSGID (\d+) X-GM-THRID \d+ X-GM-LABELS \(\)", answer)
    assert match is not None
    answer = talk.ok('STORE 1 +X-GM-LABELS (Work \\Important "two words")')
    assert b'X-GM-LABELS (Work "\\\\Important" "two words")' in answer
    assert b"* STATUS Work (MESSAGES 1)" in talk.ok("STATUS Work (MESSAGES)")
    talk.ok('SELECT "[Gmail]/All Mail"')
    assert b'"\\\\Inbox"' in talk.ok("FETCH 1 X-GM-LABELS")
    assert b"* SEARCH 1" in talk.ok(b"SEARCH X-GM-MSGID " + match[1])
    assert b"* SEARCH 1" in talk.ok("SEARCH X-GM-LABELS Work")
    assert b"* SEARCH 1" in talk.ok("SEARCH X-GM-RAW hello")
    talk.ok("STORE 1 -X-GM-LABELS (Work)")
    assert b"(MESSAGES 0)" in talk.ok("STATUS Work (MESSAGES)")
    talk.ok("STORE 1 +FLAGS (\\Deleted)")
    assert b"EXPUNGE\r\n* " not in talk.ok("EXPUNGE"), "nothing leaves All Mail so"
    assert b"COPYUID" in talk.ok('MOVE 1 "[Gmail]/Trash"')
    assert b"(MESSAGES 0)" in talk.ok("STATUS INBOX (MESSAGES)")
    talk.no('DELETE "[Gmail]/Trash"')
    assert b"\\AllMail" in talk.ok('XLIST "" *')
    talk.close()


def test_courier_and_cyrus_have_folders_below_inbox(imap: Lab) -> None:
    imap.imap.use("courier")
    talk = Talk(imap)
    talk.no("CREATE Work")
    talk.ok("CREATE INBOX.Work")
    talk.ok("CREATE inbox.Play")
    assert b'"." INBOX.Play' in talk.ok('LIST "" *')
    talk.close()


NESTED = (b"From: Ann <ann@x.example>\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/alternative; "
          b"boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; "
          b'filename="' + b"n" * 40 + b'.txt"\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhi\r\n--b--\r\n')


SEEN = [
    ("bare highestmodseq", "SELECT INBOX", rb"\[HIGHESTMODSEQ \d+\]\r\n"),
    ("empty alternative", "FETCH 1 BODYSTRUCTURE", rb'BODYSTRUCTURE \("ALTERNATIVE"'),
    ("swapped envelope", "FETCH 1 ENVELOPE", rb'\("ann" NIL "Ann" "x.example"\)'),
    ("literal names", 'LIST "" Sent', rb'"/" \{4\}\r\nSent'),
    ("short filenames", "FETCH 1 BODYSTRUCTURE", rb'"FILENAME" "n{20}"'),
    ("extra string", "FETCH 1 BODYSTRUCTURE", rb' "description"\)'),
    ("namespace bad", "NAMESPACE", rb"BAD User is authenticated but not connected"),
    ("search space", "SEARCH ALL", rb"\* SEARCH 1 \r\n"),
    ("search all fails", "SEARCH ALL", rb"NO \[SERVERBUG\]"),
    ("header search fails", "SEARCH HEADER Message-ID 1@x", rb"\* SEARCH\r\n"),
    ("no rfc822", "FETCH 1 (UID RFC822)", rb"\* 1 FETCH \(UID 1(?: FLAGS \([^)]*\))?\)"),
    ("scientific sizes", "FETCH 2 RFC822.SIZE", rb"RFC822.SIZE \d\.\d{4}e\+0\d"),
    ("endless bye", "LOGOUT", rb"(?:\* BYE see you\r\n){900}"),
    ("missing content", "FETCH 1 BODY[]", rb"BODY\[\] NIL"),
    ("stray parenthesis", "FETCH 1 UID", rb"\(UID 1\)\)\r\n"),
    ("no inbox children", "CREATE INBOX/x", rb"NO \[CANNOT\]"),
    ("special-use bad", 'LIST (SPECIAL-USE) "" *', rb"BAD"),
    ("list return empty", 'LIST "" INBOX RETURN (CHILDREN)', rb"\At\d+ OK"),
    ("copyuid bare", "COPY 1 Sent", rb"\* \[COPYUID \d+ 1 \d\]\r\nt\d+ OK copied"),
    ("negative sizes", "FETCH 1 RFC822.SIZE", rb"RFC822.SIZE -1"),
    ("nil encoding", "FETCH 1 BODYSTRUCTURE", rb"NIL NIL NIL 2 "),
    ("no message-id", "FETCH 1 ENVELOPE", rb"NIL NIL NIL NIL\)\)"),
    ("swapped language", "FETCH 1 BODYSTRUCTURE", rb'2 0 NIL NIL \("ATTACHMENT"'),
    ("miscounted literals", "FETCH 1 BODY.PEEK[1]", rb"\{0\}\r\nhi"),
    ("leading nuls", "SEARCH ALL", rb"\A\0\0\* SEARCH"),
    ("status space", "STATUS INBOX (MESSAGES)", rb"\) \r\n"),
]


@pytest.mark.parametrize(("quirk", "command", "seen"), SEEN)
def test_a_quirk_is_to_be_seen(imap: Lab, quirk: str, command: str, seen: bytes) -> None:
    mail = imap.imap.mailbox("alice")
    mail.append("INBOX", NESTED)
    if quirk == "scientific sizes":
        mail.append("INBOX", b"x" * 93_736)
    talk = Talk(imap)
    talk.ok("SELECT INBOX")
    before = talk.say(command) if command != "LOGOUT" else b""
    assert not re.search(seen, before, re.DOTALL), before
    talk.close()
    imap.imap.quirks(quirk)
    talk = Talk(imap)
    talk.ok("SELECT INBOX")
    talk.send(b"t3 " + command.encode() + b"\r\n")
    answer = b""
    while not re.search(rb"^t3 (OK|NO|BAD)[^\r]*\r\n", answer, re.MULTILINE):
        answer += talk.sock.recv(65_536)
    assert re.search(seen, answer, re.DOTALL), answer
    talk.close()


def test_every_quirk_is_tested() -> None:
    assert set(QUIRKS) - {row[0] for row in SEEN} == {"nil labels", "rev2 list", "no unsolicited"}


def test_a_server_that_tells_nothing_by_itself(five: Lab) -> None:
    five.imap.quirks("no unsolicited")
    talk = Talk(five)
    talk.ok("SELECT INBOX")
    five.imap.mailbox("alice").append("INBOX", NESTED)
    assert b"EXISTS" not in talk.ok("FETCH 1 UID")
    assert b"* 6 EXISTS" in talk.ok("NOOP")
    talk.close()


def test_the_quirks_of_gmail_and_rev2(imap: Lab) -> None:
    imap.imap.quirks("rev2 list")
    talk = Talk(imap)
    talk.ok('LIST "" * RETURN (CHILDREN)')
    talk.ok("ENABLE IMAP4rev2")
    talk.bad('LIST "" * RETURN (CHILDREN)')
    talk.close()
    imap.imap.use("gmail")
    imap.imap.quirks("nil labels")
    imap.imap.mailbox("alice").append("INBOX", NESTED)
    talk = Talk(imap)
    talk.ok("SELECT INBOX")
    assert b"X-GM-LABELS NIL" in talk.ok("FETCH 1 X-GM-LABELS")
    talk.close()


# -- what goes wrong on demand -------------------------------------------------------------------


def test_a_flip_of_uidvalidity(talk: Talk) -> None:
    old = talk.here.imap.folder().uidvalidity
    new = talk.here.imap.flip()
    assert new != old
    assert b"[UIDVALIDITY %d]" % new in talk.ok("SELECT INBOX")


def test_throttled_as_exchange_does(talk: Talk) -> None:
    talk.here.imap.options.throttle = 3
    talk.here.imap.options.backoff = 50
    talk = Talk(talk.here)
    talk.ok("NOOP")
    talk.ok("NOOP")
    assert b"Suggested Backoff Time: 50 milliseconds" in talk.bad("NOOP")
    talk.ok("NOOP")
    talk.close()


def test_a_scripted_answer_and_a_farewell(talk: Talk) -> None:
    faults = talk.here.imap.faults
    faults.on("FETCH", b"{tag} NO [UNAVAILABLE] later", after=1)
    talk.ok("FETCH 1 UID")
    assert b"[UNAVAILABLE] later" in talk.no("UID FETCH 1 UID")
    talk.ok("FETCH 1 UID")
    faults.on("NOOP", b"* BYE that was all", close=True)
    talk.send(b"x NOOP\r\n")
    assert talk.file.read() == b"* BYE that was all\r\n"


def test_a_literal_bomb_and_a_cut(talk: Talk) -> None:
    faults = talk.here.imap.faults
    faults.on("FETCH", b"* 1 FETCH (BODY[] {99999999999}", close=True)
    talk.send(b"x FETCH 1 BODY[]\r\n")
    assert talk.file.read() == b"* 1 FETCH (BODY[] {99999999999}\r\n"
    again = Talk(talk.here)
    again.ok("SELECT INBOX")
    faults.on("FETCH", cut=40)
    again.send(b"x FETCH 1 BODY[]\r\n")
    assert len(again.file.read()) == 40
    again.close()


def test_idle_that_the_server_ends(five: Lab) -> None:
    five.imap.options.idle_limit = 0.05
    talk = Talk(five)
    talk.ok("SELECT INBOX")
    talk.send(b"x IDLE\r\n")
    assert b"* BYE" in talk.file.read()
    talk.close()
    five.imap.options.idle_limit = None
