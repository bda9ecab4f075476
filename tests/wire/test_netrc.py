"""netrc: who logs in where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.wire.netrc import entries, logins


@pytest.mark.parametrize(("text", "host", "login", "password"), [
    ("machine a.example login ann password hush", "a.example", "ann", "hush"),
    ("machine A.Example\nlogin ann\n\tpassword hush\n", "a.example", "ann", "hush"),
    ('machine h login "an n" password "a \\"b\\" \\\\"', "h", "an n", 'a "b" \\'),
    ("# machine x login y\nmachine h login a password #b", "h", "a", "#b"),
    ("machine h user a password b", "h", "a", "b"),
    ("macdef m\n\tcd \"broken\n\tmachine x login y\n\nmachine h login a password b", "h", "a", "b"),
    ("machine h login a", "h", "a", ""),
    ("machine h login a password b\nmachine h login c password d", "h", "a", "b"),
    ("machine h password x\nmachine h login a password b", "h", "a", "b"),
    ("default login x password y\nmachine h login a password b", "h", "a", "b"),
])
def test_logins(text: str, host: str, login: str, password: str) -> None:
    found = logins(text)
    assert list(found) == [host]
    assert (found[host][0], found[host][1].reveal()) == (login, password)


@pytest.mark.parametrize("text", ["", "machine", "default login a password b", "machine h", "login a"])
def test_nobody(text: str) -> None:
    assert logins(text) == {}


@given(st.lists(st.sampled_from(["machine ", "default ", "login ", "password ", "macdef ", "a ", "\n",
                                 '"', "\\", "#", " ", "\0", "ü"]), max_size=30).map("".join))
def test_whatever_is_in_it(text: str) -> None:
    assert all(isinstance(facts, dict) for _, facts in entries(text))
    logins(text)
