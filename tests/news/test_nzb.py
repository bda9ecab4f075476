"""NZB files, whole and broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import LimitReached, ProtocolError
from postel.news.nzb import Segment, parse

WHOLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN" "http://www.newzbin.com/DTD/nzb/nzb-1.1.dtd">
<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb">
 <head><meta type="title">A title</meta><meta type="password">open &amp; shut</meta></head>
 <file poster="Ann &lt;a@b.example&gt;" date="1071674882" subject="[1/2] - &quot;one.part1.rar&quot; yEnc (1/3)">
  <groups><group>alt.binaries.test</group><group>alt.test</group></groups>
  <segments>
   <segment bytes="102394" number="1">123.1@news.example</segment>
   <segment bytes="4501" number="3"><![CDATA[123.3@news.example]]></segment>
   <segment bytes="x" number="3">again@news.example</segment>
   <segment bytes="1" number="4">no id at all</segment>
  </segments>
 </file>
 <file poster="" date="" subject="two.bin (1/1)"><segments/></file>
</nzb>"""


def test_a_whole_one() -> None:
    listed = parse(WHOLE)
    first, second = listed.files
    assert (first.name, first.groups, first.size) == (
        "one.part1.rar", ("alt.binaries.test", "alt.test"), 106_895)
    assert first.segments == (Segment(1, 102_394, "<123.1@news.example>"),
                              Segment(3, 4_501, "<123.3@news.example>"))
    assert first.missing == (2,)
    assert first.when is not None
    assert first.when.year == 2003
    assert (second.name, second.segments, second.when) == ("two.bin", (), None)
    assert listed.meta == {"title": "A title", "password": "open & shut"}
    assert listed.size == 106_895


@pytest.mark.parametrize("end", range(0, len(WHOLE) - 1, 3))
def test_one_that_is_cut_off_is_said_to_be(end: int) -> None:
    with pytest.raises(ProtocolError, match="cannot be read"):
        parse(WHOLE[:end])


@pytest.mark.parametrize(("data", "said"), [
    (b"<html></html>", "another kind"),
    (b"hello", "cannot be read"),
    (b'<!DOCTYPE nzb [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><nzb>&b;</nzb>', "entities"),
    (b'<!DOCTYPE nzb [<!ENTITY a SYSTEM "file:///etc/passwd">]><nzb>&a;</nzb>', "entities"),
])
def test_what_is_none(data: bytes, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        parse(data)


@pytest.mark.parametrize("data", [
    b"<nzb>" + b"<a>" * 20 + b"</a>" * 20 + b"</nzb>",
    b"<nzb><file><groups><group>" + b"x" * 70_000 + b"</group></groups></file></nzb>",
])
def test_absurd_ones(data: bytes) -> None:
    with pytest.raises(LimitReached):
        parse(data)


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)))
def test_injected_bytes(piece: bytes, at: int) -> None:
    try:
        listed = parse(WHOLE[:at] + piece + WHOLE[at:])
    except (ProtocolError, LimitReached):
        return
    for file in listed.files:
        for segment in file.segments:
            assert not set(segment.message_id) & set("\r\n \0")
