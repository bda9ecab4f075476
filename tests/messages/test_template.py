"""Templates: header lines, an empty line, the text; what fills them never becomes a header."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.messages import Message, parse, reply
from postel.messages.template import draft_from, template_of

TEXT = """\
# a note
From: Ann <ann@example.org>
To: ${to}
Cc: cy@example.org,
  dee@example.org
Subject: Your report for $month
Attach: a.pdf
Attach: b.pdf
X-Price: 5$$

Hello $name,
that makes $$5.
"""


def test_a_template() -> None:
    draft = draft_from(TEXT, {"to": "Bob <b@example.org>", "month": "März", "name": "Bob"})
    assert [str(box) for box in (*draft.to, *draft.cc)] == [
        "Bob <b@example.org>", "cy@example.org", "dee@example.org"]
    assert draft.subject == "Your report for März"
    assert draft.attach == ("a.pdf", "b.pdf")
    assert draft.headers == (("X-Price", "5$"),)
    assert draft.text == "Hello Bob,\nthat makes $5.\n"


def test_without_values_dollar_signs_stay() -> None:
    assert draft_from("Subject: $5 and $x\n\n$y\n").subject == "$5 and $x"


def test_html_of_a_file() -> None:
    draft = draft_from("Html: a.html\n\n", {"x": "1"}, read=lambda name: f"<p>{name} $x")
    assert (draft.html, draft.text) == ("<p>a.html 1", None)
    with pytest.raises(UsageError, match="cannot be read here"):
        draft_from("Html: a.html\n\n")


def test_arguments_go_before_the_template() -> None:
    draft = draft_from("From: a@x.org\nSubject: x\nAttach: a\n\n", subject="y", attach=["b"])
    assert (draft.subject, draft.attach) == ("y", ("a", "b"))


@pytest.mark.parametrize(("text", "values", "says"), [
    ("no header\n", None, "line 1 'no header': this is no header"),
    ("To: $x\n\n", {"y": "1"}, r"no value for \$x"),
    ("\n$ 5\n", {"y": "1"}, "dollar sign that names nothing"),
    ("To: nobody\n\n", None, "this is no address"),
    ("Date: now\n\n", None, "argument of its own"),
    ("Content-Type: x\n\n", None, "written by the message itself"),
])
def test_no_template(text: str, values: dict[str, str] | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        draft_from(text, values)


@pytest.mark.parametrize("evil", ["x\nBcc: eve@example.org", "x\r\n\r\nbody", "x\0"])
def test_a_value_never_becomes_a_header(evil: str) -> None:
    with pytest.raises(UsageError, match="it holds a"):
        draft_from("Subject: $x\n\n", {"x": evil})
    assert draft_from("Subject: y\n\n$x", {"x": evil}).text == evil
    assert draft_from("Subject: y\n\n$x", {"x": "$month"}).text == "$month"


def test_an_answer_as_a_template_and_back() -> None:
    got = parse(b'From: "Lee, \\"Bo\\"" <b@example.org>\r\nSubject: Lunch\r\nMessage-ID: <1@x.org>'
                b"\r\n\r\nNoon?\r\n")
    draft = reply(got, from_="Ann <a@example.org>", text="Yes")
    assert draft_from(template_of(draft, notes=["one", "two"])) == draft


@given(st.text(max_size=300))
def test_any_text_is_a_template_or_says_why(text: str) -> None:
    try:
        draft_from(text, {"x": "y"})
    except UsageError:
        pass


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_a_template_holds_what_the_draft_did(subject: str, text: str, name: str) -> None:
    try:
        draft = Message(from_=(name, "a@example.org"), to="b@example.org", subject=subject,
                        text=text.replace("\r", ""))
        draft.build(now=datetime(2026, 1, 1, tzinfo=UTC), unique="x" * 12)
    except UsageError:
        return
    again = draft_from(template_of(draft))
    assert again.subject.split() == draft.subject.split()
    assert again.text == draft.text
    assert again.from_[0].name.split() == draft.from_[0].name.split()
