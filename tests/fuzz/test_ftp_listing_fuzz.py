"""Whatever a server sends as a listing: an entry or nothing, never an error, and in linear work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.ftp import listing
from postel.ftp.listing_dates import Calendar, stamp
from postel.ftp.mlsx import mlsd, mlsx
from postel.types import Entry

GOOD = [
    "-rw-r--r--   1 ann staff 531 Jan 29 03:26 notes.txt",
    "lrwxrwxrwx 1 ann staff 33.5k 2005-06-07 21:22:09.500000000 +0200 a -> b",
    "crw-r----- 1 root kmem 1, 27  6月  3日 2003年 kmem",
    "-rw-r--r--      100       23      123 Jul 22  2010 mac file",
    "-C--E-----FTP A BOX7        12   345 Feb 13 07:42 batch",
    "d [RWCEAFMS] ann                        512 Nov 24  2005    Old Things",
    "12-31-96  05:03PM       <DIR>          source code",
    "206876  Apr 04, 2000 21:06 src/",
    "     0           DIR   10-05-100  23:38  turn",
    "+i8388621.48594,m825718503,r,s280,up644,\tdjb",
    "boot.cfg       1014196  06/03/04  Thur.   10:20:03",
    "NOTES.TXT;7     2/8    7-JAN-2000 11:00:59 [STAFF,ANN]   (RWED,RWED,RE,)",
    "QSYS            77824 02/23/00 15:09:55 *DIR      home/",
    "VOL001 3390   2003/05/21  1  200  FB      80  8053  PS  ANN.TEXT",
    "BOOK      01.03 2002/09/12 2002/10/11 09:37    11    11     0 ANN",
    "MOD1    00B308 000411 MOD2     00 FO        RU      ANY    24",
    "ANN1     JOB01906 ANN      OUTPUT A        RC=0000 3 spool files",
    "PROFILE  EXEC     F        80       10        1 2005-10-04 15:28:42 ANN",
    "STARTUP          101              528  6-Apr-07 14:21:18 255,255 \"oooo\"",
    "type=file;size=12;modify=20081105165215.5;unix.mode=0644; notes.txt",
    "type=OS.unix=slink:/a b;perm=r; x",
]  # fmt: skip
LINES = [*GOOD, "", "total 9", "LONG.TXT;1", " 4/15 24-FEB-2003"]
SIGNS = "0123456789 \t-/.:;,=[]()<>+*drwxk\udc8e月²٣\x00"
NOWS = st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=14))]))
ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-12))])
ANY = st.text(st.characters(codec=None), max_size=120)


@st.composite
def mutated(draw) -> str:
    line = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(line)))
        cut = draw(st.integers(0, 3))
        line = line[:at] + draw(st.text(SIGNS, max_size=3)) + line[at + cut :]
    return line


def check(lines: list[str], now: datetime, tz: timezone | None) -> None:
    for entry in listing.parse(lines, now=now, tz=tz):
        assert isinstance(entry, Entry)
        assert entry.name
        assert entry.size is None or entry.size >= 0
        assert (entry.modified is None) == (entry.precision is None)
        assert entry.mode is None or 0 <= entry.mode <= 0o7777
    for line in lines:
        assert mlsx(line) is None or mlsx(line).name
        listing.parse_line(line, now=now, tz=tz)


@settings(max_examples=400, deadline=None)
@given(st.lists(mutated(), min_size=1, max_size=6), NOWS, ZONES)
def test_mutated_lines(lines, now, tz):
    check(lines, now, tz)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY | st.text(SIGNS, max_size=80), max_size=6), NOWS, ZONES)
def test_any_text(lines, now, tz):
    check(lines, now, tz)
    assert all(entry.name for entry in mlsd(lines))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(SIGNS + "JanFeb", min_size=1, max_size=12), max_size=6), NOWS)
def test_any_words_as_a_date(words, now):
    found = stamp(words, Calendar(now, None))
    assert found is None or 1 <= found.words <= len(words)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=30), st.integers(1, 7))
def test_batches_lose_no_line(lines, size):
    now = datetime(2026, 3, 1)
    parser = listing.Parser(now=now)
    batches = [lines[at : at + size] for at in range(0, len(lines), size)]
    parts = [entry for batch in batches for entry in parser.feed(batch)]
    assert [entry.raw for entry in parts] == [entry.raw for entry in listing.parse(lines, now=now)]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1))
def test_names_come_back_to_the_last_character(name):
    line = f"-rw-r--r--   1 ann staff 531 Jan 29 03:26 {name}"
    entry = listing.parse_line(line, now=datetime(2026, 3, 1))
    assert name in (".", "..") or entry.name == name
    assert mlsx(f"type=file; {name}").name == name


@pytest.mark.parametrize("piece", [
    " ", "a", "1", "1 ", "a ", "- ", "-rw-r--r-- ", "Jan ", "1 Jan 1 ", "[", "(", ";1 ", "=;", "x;",
    "1/", "1,", "A1", "1 Jan", "月 ", "1月 ", "[a ", "type=os.unix=slink: ", "DIR ", "RU ", "<",
    "+\t",
])  # fmt: skip
@pytest.mark.parametrize("head", [
    "", "-rw-r--r-- 1 ", "A;1 ", "1 ", "M 00B308 000411 00 ", "12-31-96  05:03 ", "d [R] a ",
])  # fmt: skip
def test_long_hostile_lines_end(head, piece):
    line = head + piece * (65536 // len(piece))
    for tail in ("", "!", " x"):  # the suite's time limit is what quadratic work would meet
        check([line + tail], datetime(2026, 3, 1), None)
