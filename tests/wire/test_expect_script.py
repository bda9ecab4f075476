"""Scripts of ``postel expect``: read, checked, complained of by the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import PostelError, UsageError
from postel.expect.script import filled, parse_script

GOOD = """\
[connect]
url = "telnet://h"
[secrets]
pw = {env = "PW"}
[values]
what = "version"
[[step]]
expect = {login = "login: ", no = ["x"]}
[[step]]
secret = "pw"
"""
HEAD = '[connect]\nspawn = "sh"\n'


def test_a_script() -> None:
    script = parse_script(GOOD.replace(', no = ["x"]', ', no = {regex = "x+"}, over = {end = true}'))
    assert [(step.verb, step.line) for step in script.steps] == [("expect", 7), ("secret", 9)]
    assert script.values == {"what": "version"}
    assert script.secrets["pw"].env == "PW"


@pytest.mark.parametrize(("text", "said"), [
    ("[connect", "x.toml: "),
    ("", "x.toml line 1: connect: either url or spawn"),
    (GOOD, "x.toml line 7: expect no = ['x'] is not understood"),
    ("[connect]\nurl = 3\n", "line 1: connect: url = 3 is not understood"),
    ("\n[other]\n", "line 2: 'other' is nothing of a script's"),
    (HEAD + "step = 3", "line 1: connect: step = 3 is not understood"),
    ("step = 3\n" + HEAD, "line 1: steps are written as [[step]]"),
    (HEAD + "[[step]]\n", "line 3: a step does one thing, this one 0: nothing"),
    (HEAD + "[[step]]\nsend = 'a'\nexpect = 'b'", "line 3: a step does one thing, this one 2"),
    (HEAD + "[[step]]\nsend = 'a'\ntimeout = 3", "line 3: send has no timeout"),
    (HEAD + "[[step]]\nexpect = 'a'\ntimeout = 'x'", "line 3: timeout = 'x' is not understood"),
    (HEAD + "[[step]]\nexpect = {regex = '('}", "line 3: expect match: missing )"),
    (HEAD + "[[step]]\nexpect = {}", "line 3: there is nothing to expect"),
    (HEAD + "[[step]]\nexpect = 'a'\non = {b = 'end'}", "line 3: on: b is not expected"),
    (HEAD + "[[step]]\ngoto = 'there'", "line 3: there is no label 'there'"),
    (HEAD + "[[step]]\nsecret = 'pw'", "line 3: there is no secret 'pw'"),
    (HEAD + "[[step]]\nresize = [1]", "line 3: resize wants columns and rows"),
    (HEAD + "[[step]]\nsend = 3", "line 3: send = 3 is not understood"),
    (HEAD + "[[step]]\nlabel = 'a'\nend = true\n[[step]]\nlabel = 'a'\nend = true",
     "line 3: the label 'a' is there twice"),
    (HEAD + "password = 'pw'", "line 1: connect: there is no secret 'pw'"),
    (HEAD + "[secrets]\npw = 'hunter2'", "line 3: secrets: pw is not understood"),
    (HEAD + "[values]\na-b = 'c'", "line 3: values: a-b is not understood"),
    ("connect = 3", "line 1: connect is a table"),
])
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_script(text, "x.toml")
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_values_are_filled_in() -> None:
    assert filled("${a}${b} $c ${", {"a": "1", "b": "${a}"}, "here") == "1${a} $c ${"
    with pytest.raises(UsageError, match="here: there is no value"):
        filled("${x}", {}, "here")


@given(st.text(alphabet=st.sampled_from("[]={}'\"\nabcdeinoprstuxw ${}"), max_size=60))
def test_any_text_is_a_script_or_is_not(text: str) -> None:
    try:
        parse_script(HEAD + "[[step]]\n" + text)
    except PostelError:
        pass
