"""The lab's IMAP server: what each extension promises, in its RFC's own examples where it has some."""

from __future__ import annotations

import base64
import re
import zlib

import pytest
from imap_talk import MAIL, Talk

from postel.lab import Lab


def found(pattern: bytes, answer: bytes) -> int:
    """The number that a pattern finds."""
    match = re.search(pattern, answer)
    assert match is not None, answer
    return int(match[1])


# -- the log-in ----------------------------------------------------------------------------------


def test_capabilities_before_and_after(imap: Lab) -> None:
    talk = Talk(imap, login=False)
    assert b"[CAPABILITY IMAP4rev1 IMAP4rev2" in talk.greeting
    assert b" STARTTLS AUTH=SCRAM-SHA-256" in talk.greeting
    assert b"CONDSTORE" not in talk.ok("CAPABILITY")
    assert b" CONDSTORE QRESYNC " in talk.ok("LOGIN {5+}\r\nalice {6+}\r\nsecret")
    talk.bad("LOGIN alice secret")
    assert b'* ID ("name" "Postel lab"' in talk.ok('ID ("name" "x" "version" NIL)')
    assert b"* BYE" in talk.ok("LOGOUT")
    talk.close()


def test_wrong_passwords_and_states(imap: Lab) -> None:
    talk = Talk(imap, login=False)
    assert b"[AUTHENTICATIONFAILED]" in talk.no("LOGIN alice wrong")
    talk.bad("SELECT INBOX")
    talk.bad("FETCH 1 FLAGS")
    talk.bad("NONSENSE")
    talk.ok("NOOP")
    talk.ok("LOGIN alice secret")
    talk.bad("FETCH 1 FLAGS")
    talk.close()


@pytest.mark.parametrize(("mechanism", "initial"), [
    ("PLAIN", b"\0alice\0secret"),
    ("XOAUTH2", b"user=alice\x01auth=Bearer secret\x01\x01"),
    ("OAUTHBEARER", b"n,a=alice,\x01auth=Bearer secret\x01\x01")])
def test_authenticate_with_an_initial_response(imap: Lab, mechanism: str, initial: bytes) -> None:
    talk = Talk(imap, login=False)
    talk.ok(f"AUTHENTICATE {mechanism} {base64.b64encode(initial).decode()}")
    talk.ok("SELECT INBOX")
    talk.close()


def test_authenticate_step_by_step_and_given_up(imap: Lab) -> None:
    talk = Talk(imap, login=False)
    talk.send(b"a AUTHENTICATE LOGIN\r\n")
    assert talk.line().startswith(b"+ ")
    talk.send(b"YWxpY2U=\r\n")
    assert talk.line().startswith(b"+ ")
    talk.send(b"*\r\n")
    assert talk.until("a").startswith(b"a BAD")
    talk.no("AUTHENTICATE GSSAPI")
    refused = base64.b64encode(b"user=alice\x01auth=Bearer no\x01\x01")
    talk.send(b"b AUTHENTICATE XOAUTH2 " + refused + b"\r\n")
    assert b"status" in base64.b64decode(talk.line()[2:])
    talk.send(b"\r\n")
    assert b"b NO [AUTHENTICATIONFAILED]" in talk.until("b")
    talk.close()


def test_tls_and_what_is_injected_before_it(imap: Lab) -> None:
    talk = Talk(imap, tls=True)
    assert b"STARTTLS" not in talk.greeting
    talk.close()
    talk = Talk(imap, login=False)
    talk.send(b"a STARTTLS\r\nb LOGIN alice secret\r\n")
    assert talk.line().startswith(b"a OK")
    rest = talk.file.read()
    assert b"b OK" not in rest, "what came in the clear is not read as if it had come by TLS"
    talk.close()
    imap.imap.options.allow_clear = False
    talk = Talk(imap, login=False)
    assert b"LOGINDISABLED" in talk.greeting
    assert b"AUTH=PLAIN" not in talk.greeting
    talk.no("LOGIN alice secret")
    talk.close()


def test_preauth_and_unauthenticate(imap: Lab) -> None:
    imap.imap.options.preauth = "alice"
    talk = Talk(imap, login=False)
    assert talk.greeting.startswith(b"* PREAUTH")
    talk.ok("SELECT INBOX")
    talk.ok("UNAUTHENTICATE")
    talk.bad("SELECT INBOX")
    talk.close()


def test_compress(talk: Talk) -> None:
    talk.ok("COMPRESS DEFLATE")
    deflate, inflate = zlib.compressobj(6, zlib.DEFLATED, -15), zlib.decompressobj(-15)

    def say(line: bytes) -> bytes:
        talk.send(deflate.compress(line) + deflate.flush(zlib.Z_SYNC_FLUSH))
        out = b""
        while not re.search(rb"^z\d (OK|NO|BAD)", out, re.MULTILINE):
            out += inflate.decompress(talk.sock.recv(65_536))
        return out

    assert b"5 FETCH" in say(b"z1 FETCH 1:5 BODY.PEEK[]\r\n")
    assert b"z2 NO [COMPRESSIONACTIVE]" in say(b"z2 COMPRESS DEFLATE\r\n")
    assert b"COMPRESS" not in say(b"z3 CAPABILITY\r\n")


# -- folders -------------------------------------------------------------------------------------


def test_list_in_all_its_forms(five: Lab) -> None:
    talk = Talk(five)
    talk.ok("CREATE Work/2026/May")
    talk.ok("SUBSCRIBE Work/2026/May")
    talk.ok("UNSUBSCRIBE Work")
    assert talk.ok('LIST "" ""').startswith(b'* LIST (\\Noselect) "/" ""')
    assert talk.ok('LIST "" Work').startswith(b'* LIST (\\HasChildren) "/" Work\r\n')
    top = talk.ok('LIST "" %')
    assert b"Work\r\n" in top
    assert b"2026" not in top
    assert talk.ok('LIST "Work/" %').count(b"* LIST") == 1
    assert talk.ok('LIST "" inbox').count(b"* LIST") == 1
    answer = talk.ok('LIST (SUBSCRIBED) "" * RETURN (CHILDREN STATUS (MESSAGES UIDNEXT))')
    assert b'* LIST (\\HasNoChildren \\Subscribed) "/" INBOX' in answer
    assert b"* STATUS INBOX (MESSAGES 5 UIDNEXT 6)" in answer
    assert b" Work\r\n" not in answer
    answer = talk.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" %')
    assert b'Work ("CHILDINFO" ("SUBSCRIBED"))' in answer
    answer = talk.ok('LIST (SPECIAL-USE) "" *')
    assert b"\\Sent" in answer
    assert b"INBOX" not in answer
    assert talk.ok('LIST "" (INBOX Sent) RETURN (SPECIAL-USE MYRIGHTS)').count(b"* LIST") == 2
    assert b"(\\Noselect) \"/\" Work\r\n" in talk.ok('LSUB "" %')
    assert b" Work\r\n" not in talk.ok('LSUB "" *')
    talk.bad('LIST (RECURSIVEMATCH) "" *')
    talk.bad('LIST "" * RETURN (NONSENSE)')
    talk.close()


def test_names_beyond_ascii(imap: Lab) -> None:
    talk = Talk(imap)
    talk.ok("CREATE Entw&APw-rfe")
    assert "Entwürfe" in imap.imap.mailbox("alice").folders
    assert b" Entw&APw-rfe\r\n" in talk.ok('LIST "" Ent*')
    talk.ok("ENABLE UTF8=ACCEPT")
    assert '"Entwürfe"\r\n'.encode() in talk.ok('LIST "" Ent*')
    talk.ok('SELECT "Entwürfe"')
    talk.bad(b'SELECT "Entw\xfcrfe"')
    talk.ok('CREATE "two words"')
    assert b'"two words"' in talk.ok('LIST "" two*')
    talk.close()


def test_create_delete_rename(imap: Lab) -> None:
    talk = Talk(imap)
    assert b"[MAILBOXID (F" in talk.ok("CREATE Projects (USE (\\Important))")
    assert b"\\Important" in talk.ok('LIST "" Projects')
    assert b"[USEATTR]" in talk.no("CREATE More (USE (\\Important))")
    assert b"[ALREADYEXISTS]" in talk.no("CREATE Projects")
    talk.no("CREATE INBOX")
    talk.no("CREATE a//b")
    talk.ok("RENAME Projects Done/Projects")
    assert b"[NONEXISTENT]" in talk.no("DELETE Projects")
    talk.ok("DELETE Done")
    assert b"(\\Noselect \\HasChildren)" in talk.ok('LIST "" Done')
    talk.no("SELECT Done")
    talk.no("DELETE INBOX")
    assert b'* NAMESPACE (("" "/")) NIL NIL' in talk.ok("NAMESPACE")
    talk.close()


def test_status(talk: Talk) -> None:
    answer = talk.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE HIGHESTMODSEQ "
                     "MAILBOXID DELETED APPENDLIMIT RECENT)")
    assert b"* STATUS INBOX (MESSAGES 5 UIDNEXT 6 UIDVALIDITY " in answer
    assert b" SIZE 685 " in answer
    talk.no("STATUS Nowhere (MESSAGES)")
    talk.bad("STATUS INBOX (NONSENSE)")
    talk.bad("STATUS INBOX ()")


def test_rev2_says_less_and_more(five: Lab) -> None:
    talk = Talk(five)
    assert b"* ENABLED IMAP4rev2" in talk.ok("ENABLE IMAP4rev2")
    answer = talk.ok("SELECT INBOX")
    assert b"RECENT" not in answer
    assert b'* LIST () "/" INBOX' in answer
    assert b'* ESEARCH (TAG "t4") UID ALL 1:5\r\n' in talk.ok("UID SEARCH ALL")
    assert b"* OK [CLOSED]" in talk.ok("SELECT Sent")
    talk.close()


# -- messages ------------------------------------------------------------------------------------


def test_fetch_sections_of_a_nested_message(imap: Lab) -> None:
    inner = b"Subject: inner\r\n\r\ninside\r\n"
    imap.imap.mailbox("alice").append("INBOX", (
        b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
        b"\r\naGkA\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"))
    talk = Talk(imap)
    talk.ok("SELECT INBOX")
    assert b"BODY[2.HEADER] {18}\r\nSubject: inner\r\n\r\n" in talk.ok("FETCH 1 BODY.PEEK[2.HEADER]")
    assert b"BODY[2.1] {8}\r\ninside\r\n" in talk.ok("FETCH 1 BODY.PEEK[2.1]")
    assert b"BODY[2.TEXT] {8}" in talk.ok("FETCH 1 BODY.PEEK[2.TEXT]")
    assert b"BODY[1.MIME] {78}" in talk.ok("FETCH 1 BODY.PEEK[1.MIME]")
    assert b"BODY[3] NIL" in talk.ok("FETCH 1 BODY.PEEK[3]")
    assert b"BODY[1.TEXT] NIL" in talk.ok("FETCH 1 BODY.PEEK[1.TEXT]")
    assert b"BINARY[1] ~{3}\r\nhi\x00" in talk.ok("FETCH 1 BINARY.PEEK[1]")
    assert b"BINARY.SIZE[1] 3" in talk.ok("FETCH 1 BINARY.SIZE[1]")
    assert b"BINARY[1]<1> ~{2}\r\ni\x00" in talk.ok("FETCH 1 BINARY.PEEK[1]<1.2>")
    structure = talk.ok("FETCH 1 BODYSTRUCTURE")
    assert b'"MESSAGE" "RFC822" NIL NIL NIL "7BIT" 26 (NIL "inner"' in structure
    assert b'"MIXED" ("BOUNDARY" "b") NIL NIL NIL)' in structure
    for wrong in ("BODY[MIME]", "BODY[1.2.TEXT", "BODY[0]", "BODY[]<0.0>", "BODY[HEADER.FIELDS]",
                  "BODY[HEADER.FIELDS ()]", "BINARY[HEADER]", "()", "NONSENSE", "(FLAGS", "FLAGS)"):
        talk.bad(f"FETCH 1 {wrong}")
    talk.close()


def test_condstore(talk: Talk) -> None:
    other = Talk(talk.here)
    other.ok("SELECT INBOX")
    start = found(rb"HIGHESTMODSEQ (\d+)", talk.ok("STATUS INBOX (HIGHESTMODSEQ)"))
    other.ok("STORE 2 +FLAGS (x)")
    assert b"MODSEQ (%d)" % (start + 1) in talk.ok("NOOP")
    answer = talk.ok(f"FETCH 1:5 (FLAGS) (CHANGEDSINCE {start})")
    assert answer.count(b" FETCH ") == 1
    answer = talk.ok(f"UID STORE 1:5 (UNCHANGEDSINCE {start}) +FLAGS.SILENT (y)")
    assert b"[MODIFIED 2]" in answer
    assert answer.count(b"MODSEQ (") == 4, "silence does not hide mod-sequences"
    assert re.search(rb"\* SEARCH 2 \(MODSEQ %d\)" % (start + 1),
                     talk.ok(f"SEARCH MODSEQ {start + 1} KEYWORD x"))
    other.close()


def test_qresync(talk: Talk) -> None:
    validity = found(rb"UIDVALIDITY (\d+)", talk.ok("STATUS INBOX (UIDVALIDITY)"))
    start = found(rb"HIGHESTMODSEQ (\d+)", talk.ok("STATUS INBOX (HIGHESTMODSEQ)"))
    talk.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)")
    talk.ok("EXPUNGE")
    talk.ok("UID STORE 5 +FLAGS.SILENT (z)")
    other = Talk(talk.here)
    other.bad(f"SELECT INBOX (QRESYNC ({validity} {start}))")
    assert b"* ENABLED QRESYNC" in other.ok("ENABLE QRESYNC")
    answer = other.ok(f"SELECT INBOX (QRESYNC ({validity} {start} 1:5))")
    assert b"* VANISHED (EARLIER) 2:3\r\n" in answer
    assert re.search(rb"\* 3 FETCH \(UID 5 FLAGS \(z\) MODSEQ", answer)
    assert answer.count(b" FETCH ") == 1
    answer = other.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {start} VANISHED)")
    assert b"* VANISHED (EARLIER) 2:3\r\n" in answer
    other.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)")
    assert b"* VANISHED 1\r\n" in other.ok("UID EXPUNGE 1")
    assert b"VANISHED" not in other.ok(f"SELECT INBOX (QRESYNC ({validity + 1} {start}))")
    assert b"[HIGHESTMODSEQ " in other.ok("CLOSE")
    other.close()


def test_esearch_and_its_result(talk: Talk) -> None:
    answer = talk.ok("SEARCH RETURN (MIN MAX COUNT ALL) NOT 3")
    assert re.search(rb'\* ESEARCH \(TAG "t\d+"\) MIN 1 MAX 5 ALL 1:2,4:5 COUNT 4\r\n', answer)
    assert b" COUNT 0\r\n" in talk.ok("SEARCH RETURN (MIN COUNT) SUBJECT nothing")
    assert talk.ok("SEARCH RETURN (SAVE) SUBJECT 4").startswith(b"t")
    assert talk.ok("FETCH $ UID").startswith(b"* 4 FETCH (UID 4)")
    assert talk.ok("SEARCH $").startswith(b"* SEARCH 4")
    talk.ok("UID SEARCH RETURN (SAVE MIN) ALL")
    assert talk.ok("UID FETCH $ FLAGS").count(b" FETCH ") == 1
    assert b" PARTIAL (1:2 1:2)" in talk.ok("SEARCH RETURN (PARTIAL 1:2) ALL")
    assert b" PARTIAL (-1:-2 4:5)" in talk.ok("SEARCH RETURN (PARTIAL -1:-2) ALL")
    talk.bad("SEARCH RETURN (NONSENSE) ALL")
    assert talk.ok("UID FETCH 1:* UID (PARTIAL -1:-2)").count(b" FETCH ") == 2
    assert talk.ok("UID FETCH 2:* UID (PARTIAL 1:1)").startswith(b"* 2 FETCH (UID 2)")


@pytest.mark.parametrize(("program", "uids"), [
    ("ALL", "1 2 3 4 5"), ("2:3", "2 3"), ("UID 4:*", "4 5"), ("*", "5"), ("NOT 2:4", "1 5"),
    ("OR SUBJECT 1 SUBJECT 2", "1 2"), ("(SUBJECT 1) UNSEEN", "1"), ("FROM ann TO bob", "1 2 3 4 5"),
    ("HEADER Message-ID 3@x", "3"), ("HEADER X-None \"\"", ""), ("BODY \"hi 4\"", "4"),
    ("TEXT hello TEXT \"hi 5\"", "5"), ("LARGER 136 SMALLER 138", "1 2 3 4 5"),
    ("SENTON 2-Feb-2026", "1 2 3 4 5"), ("SENTBEFORE 2-Feb-2026", ""), ("BEFORE 1-Jan-2020", ""),
    ("SINCE \"1-Jan-2026\"", "1 2 3 4 5"), ("YOUNGER 3600", "1 2 3 4 5"), ("OLDER 3600", ""),
    ("RECENT", "1 2 3 4 5"), ("OLD", ""), ("NEW", "1 2 3 4 5"), ("KEYWORD none", ""),
    ("UNKEYWORD none 1", "1"), ("CHARSET UTF-8 SUBJECT {5+}\r\nhello", "1 2 3 4 5"),
    ("SAVEDSINCE 1-Jan-2026", "1 2 3 4 5"), ("FUZZY SUBJECT 2", "2"), ("80:90", ""),
    ("NOT (OR 1 (OR 2 3))", "4 5")])
def test_search(talk: Talk, program: str, uids: str) -> None:
    assert talk.ok(f"SEARCH {program}").startswith(f"* SEARCH {uids}".rstrip().encode() + b"\r\n")


def test_search_refuses_what_it_does_not_know(talk: Talk) -> None:
    assert b"[BADCHARSET (US-ASCII" in talk.no("SEARCH CHARSET KLINGON ALL")
    for program in ("", "NONSENSE", "SUBJECT", "NOT", "OR 1", "(1", "BEFORE 99-Feb-2026", "1:",
                    "0", "4294967296", "LARGER x", "()", "HEADER x"):
        talk.bad(f"SEARCH {program}")
    talk.bad(b"SEARCH SUBJECT {2+}\r\n\xc3\xbc")


def test_sort_and_thread(imap: Lab) -> None:
    mail = imap.imap.mailbox("alice")
    for number, (subject, date, refers) in enumerate([
            ("b", 3, ""), ("Re: b", 4, "<1@x>"), ("a", 1, ""), ("re: b", 5, "<1@x> <2@x>"),
            ("c", 2, "")], 1):
        mail.append("INBOX", (f"From: z{number}@x\r\nSubject: {subject}\r\nMessage-ID: <{number}@x>"
                              f"\r\nReferences: {refers}\r\nDate: {date} Feb 2026 10:00:00 +0000\r\n"
                              f"\r\n{'x' * number}\r\n").encode())
    talk = Talk(imap)
    talk.ok("SELECT INBOX")
    assert b"* SORT 3 5 1 2 4\r\n" in talk.ok("SORT (DATE) UTF-8 ALL")
    assert b"* SORT 3 1 2 4 5\r\n" in talk.ok("SORT (SUBJECT DATE) UTF-8 ALL")
    assert b"* SORT 5 1 2 4 3\r\n" in talk.ok("SORT (REVERSE SUBJECT) UTF-8 ALL"), "equals keep order"
    assert b"* SORT 5 4 3 2 1\r\n" in talk.ok("UID SORT (REVERSE FROM) UTF-8 ALL")
    assert b" COUNT 5 \r\n" not in talk.ok("SORT RETURN (COUNT ALL) (DATE) UTF-8 ALL")
    assert b"* THREAD (3)(5)(1 2 4)\r\n" in talk.ok("THREAD REFERENCES UTF-8 ALL")
    assert b"* THREAD (3)(5)(1 (2)(4))\r\n" in talk.ok("UID THREAD ORDEREDSUBJECT UTF-8 ALL")
    talk.bad("THREAD NONSENSE UTF-8 ALL")
    talk.bad("SORT (NONSENSE) UTF-8 ALL")
    talk.close()


def test_multiappend_binary_and_limits(imap: Lab) -> None:
    talk = Talk(imap)
    answer = talk.ok(b"APPEND INBOX (\\Seen) {4+}\r\na: b {4+}\r\nc: d ~{5+}\r\ne: \0f")
    assert re.search(rb"\[APPENDUID \d+ 1:3\]", answer)
    assert imap.imap.folder().messages[3].data == b"e: \0f"
    talk.no(b"APPEND INBOX {5+}\r\na: \0b")
    talk.no(b"APPEND Nowhere {4+}\r\na: b")
    talk.bad(b"APPEND INBOX")
    talk.bad(b'APPEND INBOX "no date" {4+}\r\na: b')
    talk.send(b"big APPEND INBOX {99999999999}\r\n")
    assert talk.until("big").startswith(b"big NO [TOOBIG]"), "before a byte of it was sent"
    talk.send(b"w APPEND INBOX {4}\r\n")
    assert talk.line() == b"+ go on\r\n"
    talk.send(b"g: h\r\n")
    assert b"w OK" in talk.until("w")
    talk.close()


def test_catenate(talk: Talk) -> None:
    validity = talk.here.imap.folder().uidvalidity
    answer = talk.ok(f"APPEND Sent CATENATE (URL \"/INBOX;UIDVALIDITY={validity}/;UID=2/;SECTION=HEADER\""
                     " TEXT {5+}\r\nfirst URL \";UID=3/;SECTION=TEXT/;PARTIAL=0.3\")")
    assert b"[APPENDUID" in answer
    sent = talk.here.imap.folder("Sent").messages[1]
    assert sent.parsed.subject == "hello 2"
    assert sent.parsed.text == "firsthi "
    for url in ("/INBOX;UIDVALIDITY=1/;UID=2", "/INBOX/;UID=99", "/Nowhere/;UID=1", "imap://x/INBOX",
                "/INBOX/;UID=1/;SECTION=NONSENSE", "/INBOX/;UID=1/;SECTION=7"):
        assert b'[BADURL "' + url.encode() in talk.no(f'APPEND Sent CATENATE (URL "{url}")')
    talk.bad("APPEND Sent CATENATE (NONSENSE x)")
    assert talk.here.imap.folder("Sent").uidnext == 2


def test_replace(talk: Talk) -> None:
    answer = talk.ok(b"UID REPLACE 2 INBOX {4+}\r\na: b")
    assert b"* OK [APPENDUID " in answer
    assert b"* 2 EXPUNGE\r\n" in answer
    assert b"* 5 EXISTS\r\n" in answer
    talk.no(b"REPLACE 77 INBOX {4+}\r\na: b")


def test_objectid(talk: Talk) -> None:
    answer = talk.ok("FETCH 1 (EMAILID THREADID)")
    match = re.search(rb"EMAILID \(([^)]+)\) THREADID \(([^)]+)\)", answer)
    assert match is not None
    talk.ok("COPY 1 Sent")
    assert b"* SEARCH 1\r\n" in talk.ok(b"SEARCH EMAILID " + match[1])
    talk.ok("SELECT Sent")
    assert match[1] in talk.ok("FETCH 1 EMAILID")
    assert b"* SEARCH 1\r\n" in talk.ok(b"SEARCH THREADID " + match[2])


def test_quota(talk: Talk) -> None:
    assert b'* QUOTAROOT INBOX ""\r\n* QUOTA "" ()' in talk.ok("GETQUOTAROOT INBOX")
    assert b'* QUOTA "" (STORAGE 1 1)' in talk.ok('SETQUOTA "" (STORAGE 1)')
    assert b"[OVERQUOTA]" in talk.no(b"APPEND INBOX {400+}\r\n" + b"x" * 400)
    assert b"[OVERQUOTA]" in talk.no("COPY 1:5 Sent")
    talk.no("GETQUOTA other")


def test_acl(talk: Talk) -> None:
    assert b"* MYRIGHTS INBOX aeiklprstwx" in talk.ok("MYRIGHTS INBOX")
    talk.ok("SETACL INBOX bob lrs")
    talk.ok("SETACL INBOX bob +i")
    talk.ok("SETACL INBOX bob -l")
    assert b"* ACL INBOX alice aeiklprstwx bob irs" in talk.ok("GETACL INBOX")
    talk.ok("DELETEACL INBOX bob")
    assert b"bob" not in talk.ok("GETACL INBOX")
    assert b"* LISTRIGHTS INBOX bob" in talk.ok("LISTRIGHTS INBOX bob")
    talk.bad("SETACL INBOX bob +Q")


def test_metadata(talk: Talk) -> None:
    talk.ok(b'SETMETADATA INBOX (/private/comment "mine" /shared/x {3+}\r\na\0b)')
    answer = talk.ok("GETMETADATA INBOX (/private/comment /shared/x /shared/none)")
    assert b'* METADATA INBOX (/private/comment "mine" /shared/x ~{3}\r\na\0b' in answer
    assert b"/shared/none NIL" in answer
    assert b"/private/comment" in talk.ok("GETMETADATA (DEPTH infinity) INBOX /private")
    assert b"[METADATA LONGENTRIES 4]" in talk.ok("GETMETADATA (MAXSIZE 2) INBOX /private/comment")
    talk.ok("SETMETADATA INBOX (/private/comment NIL)")
    assert b"/private/comment NIL" in talk.ok("GETMETADATA INBOX /private/comment")
    talk.ok('SETMETADATA "" (/shared/admin "mailto:x@y")')
    assert b"mailto" in talk.ok('GETMETADATA "" /shared/admin')
    talk.bad("SETMETADATA INBOX (/nowhere x)")


def test_notify(talk: Talk) -> None:
    answer = talk.ok("NOTIFY SET STATUS (SELECTED (MessageNew MessageExpunge)) "
                     "(PERSONAL (MessageNew MessageExpunge MailboxName))")
    assert b"* STATUS Sent (MESSAGES 0" in answer
    talk.here.imap.mailbox("alice").append("Sent", MAIL % (7, 7, 7, 7))
    assert talk.line().startswith(b"* STATUS Sent (MESSAGES 1"), "without being asked"
    talk.here.imap.mailbox("alice").append("INBOX", MAIL % (7, 7, 7, 7))
    assert talk.line() + talk.line() == b"* 6 EXISTS\r\n* 6 RECENT\r\n"
    talk.here.imap.mailbox("alice").create("New")
    assert b" New\r\n" in talk.line()
    talk.here.imap.mailbox("alice").rename("New", "Newer")
    assert b'Newer ("OLDNAME" (New))' in talk.line()
    talk.ok("NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) "
            "MessageExpunge FlagChange)) (INBOXES NONE)")
    talk.here.imap.mailbox("alice").append("INBOX", MAIL % (8, 8, 8, 8))
    assert talk.line() + talk.line() == b"* 7 EXISTS\r\n* 7 RECENT\r\n"
    assert talk.line().startswith(b"* 7 FETCH (UID 7 BODY[HEADER.FIELDS (SUBJECT)] {20}")
    assert b"[BADEVENT" in talk.no("NOTIFY SET (INBOXES (Nonsense))")
    talk.ok("NOTIFY NONE")


def test_idle_tells_of_flags_and_expunges(talk: Talk) -> None:
    other = Talk(talk.here)
    other.ok("SELECT INBOX")
    talk.send(b"i IDLE\r\n")
    assert talk.line() == b"+ idling\r\n"
    other.ok("STORE 2 +FLAGS (\\Deleted)")
    assert talk.line().startswith(b"* 2 FETCH (FLAGS (\\Deleted")
    other.ok("EXPUNGE")
    assert talk.line() == b"* 2 EXPUNGE\r\n"
    other.close()
    talk.send(b"NONSENSE\r\n")
    assert talk.line().startswith(b"* BYE")


def test_a_switched_off_capability_is_off(five: Lab) -> None:
    five.imap.options.without |= {"MOVE", "UIDPLUS", "ESEARCH", "IMAP4rev2", "LITERAL+"}
    talk = Talk(five)
    talk.ok("SELECT INBOX")
    talk.bad("MOVE 1 Sent")
    talk.bad("UID EXPUNGE 1")
    assert b"COPYUID" not in talk.ok("COPY 1 Sent")
    talk.bad("SEARCH RETURN (COUNT) ALL")
    talk.send(b"x APPEND INBOX {3+}\r\na: b\r\n")
    assert talk.line().startswith(b"* BYE"), "its bytes are never taken for commands"
    talk.close()
