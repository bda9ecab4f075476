"""The lab's IMAP server, spoken to line by line."""

from __future__ import annotations

import re
import smtplib

from imap_talk import Talk

from postel.lab import Lab


def test_select_says_what_is_there(five: Lab) -> None:
    talk = Talk(five)
    answer = talk.ok("SELECT INBOX")
    assert b"* 5 EXISTS\r\n" in answer
    assert b"* 5 RECENT\r\n" in answer
    assert b"[UIDNEXT 6]" in answer
    assert b"[UNSEEN 1]" in answer
    assert b"[READ-WRITE]" in answer
    assert b"[READ-ONLY]" in talk.ok("EXAMINE INBOX")
    talk.close()


def test_fetch_gives_what_is_asked_for(talk: Talk) -> None:
    answer = talk.ok("FETCH 2 (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert answer.startswith(b"* 2 FETCH (UID 2 FLAGS (\\Recent) RFC822.SIZE 137 "
                             b"BODY[HEADER.FIELDS (SUBJECT)] {20}\r\nSubject: hello 2\r\n\r\n)\r\n")
    assert b"BODY[TEXT]<1> {2}\r\ni )" in talk.ok("FETCH 2 BODY.PEEK[TEXT]<1.2>")
    assert b"FLAGS (\\Recent \\Seen)" in talk.ok("FETCH 2 BODY[TEXT]")
    assert b"* 2 FETCH (UID 2)" in talk.ok("UID FETCH 2 UID")
    assert talk.ok("UID FETCH 70:80 FLAGS").startswith(b"t")


def test_expunge_renumbers(talk: Talk) -> None:
    talk.ok("STORE 2,4 +FLAGS.SILENT (\\Deleted)")
    assert talk.ok("EXPUNGE").startswith(b"* 2 EXPUNGE\r\n* 3 EXPUNGE\r\n")
    assert b"* SEARCH 1 3 5\r\n" in talk.ok("UID SEARCH ALL")


def test_another_sessions_changes_are_told(talk: Talk) -> None:
    other = Talk(talk.here)
    other.ok("SELECT INBOX")
    assert b"* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen work)" in talk.ok(
        "UID STORE 3 +FLAGS (\\Deleted work)")
    assert b"FLAGS (\\Deleted work" in other.ok("NOOP")
    talk.ok("UID EXPUNGE 3")
    assert b"EXPUNGE" not in other.ok("FETCH 1 FLAGS"), "not while numbers are in use"
    assert b"* 3 EXPUNGE" in other.ok("NOOP")
    other.close()


def test_idle_tells_of_mail_by_smtp(five: Lab) -> None:
    talk = Talk(five)
    talk.ok("SELECT INBOX")
    talk.send(b"i IDLE\r\n")
    assert talk.line() == b"+ idling\r\n"
    with smtplib.SMTP(*five.address("smtp")) as server:
        server.sendmail("x@example.org", [f"alice@{five.domain}"], b"Subject: new\r\n\r\nx\r\n")
    assert talk.line() == b"* 6 EXISTS\r\n"
    talk.send(b"DONE\r\n")
    assert b"i OK" in talk.until("i")
    assert len(five.mail.boxes["alice"].messages()) == 6
    talk.close()


def test_append_copy_move_give_uids(talk: Talk) -> None:
    answer = talk.ok(b'APPEND Sent (\\Seen) " 1-Feb-2026 10:00:00 +0100" {4+}\r\nx: y')
    assert re.search(rb"\[APPENDUID \d+ 1\]", answer)
    assert re.search(rb"\[COPYUID \d+ 1:2 2:3\]", talk.ok("UID COPY 1:2 Sent"))
    answer = talk.ok("MOVE 1:2 Trash")
    assert re.search(rb"\* OK \[COPYUID \d+ 1:2 1:2\]", answer)
    assert b"* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n" in answer
    assert b"[TRYCREATE]" in talk.no("COPY 1 Nowhere")
