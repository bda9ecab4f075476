"""The file of accounts: what it may say, what is wrong with it and where, and careful changes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import AlreadyExists, Forbidden, LimitReached, NotFound, UsageError
from postel.mail.accounts import parse_accounts
from postel.mail.accounts_file import add_account, load_accounts, remove_account
from postel.mail.accounts_toml import add_table, places, remove_table, written

WHOLE = '''# My mail.
default = "ann"   # the usual one
keys = "file"

[accounts.ann]
address = "ann@example.org"
name = "Ann Example"
imap = "imaps://ann@mail.example.org/"
pop3 = "pop3s://mail.example.org"
smtp = "smtps://mail.example.org"
password_command = ["pass", "show", "mail/ann"]
signature = """
Ann
[accounts.fake]
"""
save_sent = false
timeout = 20
folders = { sent = "Sent Items", trash = "Deleted" }

[[accounts.ann.identities]]
address = "sales@example.org"
[[accounts.ann.identities]]
address = "a.example@example.net"
name = "A. Example"

# work
[accounts."at work"]
'''.replace('[accounts."at work"]', '''[accounts.work]
address = "ann@corp.example"
imap = "imaps://outlook.office365.com/"
[accounts.work.oauth]
provider = "microsoft"
client_id = "1234"
''')


def test_all_that_can_be_said() -> None:
    found = parse_accounts(WHOLE)
    ann = found["ann"]
    assert (found.default, found.keys, found.usual()) == ("ann", "file", ann)
    assert str(ann.imap) == "imaps://ann@mail.example.org/"
    assert str(ann.smtp) == "smtps://ann%40example.org@mail.example.org"
    assert ann.password_command == ("pass", "show", "mail/ann")
    assert ann.folders == {"sent": "Sent Items", "trash": "Deleted"}
    assert (ann.save_sent, ann.timeout) == (False, 20.0)
    assert str(ann.identity) == "Ann Example <ann@example.org>"
    other = ann.identity_for("A.Example@example.net")
    assert other is not None
    assert other.name == "A. Example"
    assert ann.identity_for("bob@example.org") is None
    work = found["Ann@Corp.example"]
    assert work.oauth is not None
    assert work.oauth.app().authority.device.startswith("https://login.microsoftonline.com/")
    with pytest.raises(NotFound, match="none of that name") as caught:
        found["an"]
    assert caught.value.hint == "did you mean ann?"


BASE = '[accounts.ann]\naddress = "ann@example.org"\nimap = "imaps://mail.example.org"\n'
WRONG: list[tuple[str, int, str, str]] = [
    ('defualt = "ann"\n' + BASE, 1, "defualt: there is no such key", "did you mean default?"),
    ('default = "anna"\n' + BASE, 1, "there is no account anna", "did you mean ann?"),
    ('keys = "here"\n' + BASE, 1, "here is no place for keys", '"auto"'),
    (BASE + 'smpt = "x"\n', 4, "smpt: there is no such key", "did you mean smtp?"),
    (BASE + 'xyz = 1\n', 4, "xyz: there is no such key", "there are address"),
    (BASE + 'password = "hunter2"\n', 4, "a password does not belong", "password_command"),
    (BASE + 'user = "ann"\n', 4, "it belongs into the URL", "imaps://USER@"),
    (BASE + 'smtp = "imaps://x.example"\n', 4, "imaps is not spoken there", "submission"),
    (BASE + 'smtp = "smtps://a:b@x.example"\n', 4, "a password does not belong", "login"),
    (BASE + 'smtp = "nonsense"\n', 4, "smtp:", ""),
    (BASE + "smtp = 7\n", 4, "it must be a text", 'smtp = "…"'),
    (BASE + "name = [1]\n", 4, "it must be a text", ""),
    (BASE + "timeout = -1\n", 4, "it must be seconds", "timeout = 60"),
    (BASE + "timeout = true\n", 4, "it must be seconds", ""),
    (BASE + 'save_sent = "yes"\n', 4, "true or false", ""),
    (BASE + "password_command = 3\n", 4, "it must be a command", "pass show"),
    (BASE + "password_command = []\n", 4, "it must be a command", ""),
    (BASE + '\n[accounts.ann.folders]\n# where\nsnet = "Sent"\n', 7, "snet", "did you mean sent?"),
    (BASE + 'folders = { snet = "Sent" }\n', 4, "snet", "did you mean sent?"),
    (BASE + 'folders = "Sent"\n', 4, "it must be a table", ""),
    (BASE + 'identities = "x"\n', 4, "a list of tables", "[[accounts.ann.identities]]"),
    (BASE + '[[accounts.ann.identities]]\naddress = "a@b.example"\n\n'
            '[[accounts.ann.identities]]\nname = "B"\n', 7, "it has no address", ""),
    (BASE + '[accounts.ann.oauth]\nprovider = "nobody"\nclient_id = "x"\n', 4, "is not known",
     "authorize, token, device"),
    (BASE + '[accounts.ann.oauth]\nprovider = "google"\n', 4, "no client_id", ""),
    (BASE + '[accounts.ann.oauth]\nprovider = "google"\nclient_id = "x"\nscopes = "y"\n', 7,
     "list of texts", ""),
    (BASE + '[accounts.ann.oauth]\nprovider = "google"\nclient_id = "x"\nmechanism = "PLAIN"\n', 7,
     "PLAIN takes no token", "OAUTHBEARER"),
    (BASE + 'password_command = "x"\n[accounts.ann.oauth]\nprovider = "google"\nclient_id="x"\n',
     4, "which of them?", ""),
    ('[accounts.ann]\nimap = "imaps://x.example"\n', 1, "it has no address", "ann@example.org"),
    ('[accounts.ann]\naddress = "ann"\nimap = "imaps://x.example"\n', 2, "not one mail address", ""),
    ('[accounts.ann]\naddress = "ann@example.org"\n', 1, "it names no server", "accounts add"),
    ('[accounts."a b"]\naddress = "ann@example.org"\n', 1, "no blank", ""),
    ("accounts = 3\n", 1, "it must be a table", ""),
    ("[accounts]\nann = 3\n", 2, "it must be a table", "[accounts.ann]"),
    (BASE + "smtp = \n", 4, "it is no TOML", "toml.io"),
]


@pytest.mark.parametrize(("text", "line", "what", "hint"), WRONG)
def test_what_is_wrong_and_where(text: str, line: int, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_accounts(text, "mine.toml")
    told = str(caught.value)
    assert told.startswith("mine.toml"), told
    assert f"line {line}" in told, told
    assert what in told, told
    assert hint in caught.value.hint, caught.value.hint
    assert "hunter2" not in told + caught.value.hint


def test_deep_documents_are_refused() -> None:
    with pytest.raises(UsageError):
        parse_accounts("x = " + "[" * 100_000)


# -- the disk ----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.toml"
    path.write_text(WHOLE)
    return path


def test_adding_and_removing_leave_the_rest_alone(file: Path) -> None:
    added = add_account("bob", {"address": "bob@example.org", "imap": "imaps://m.example.org/",
                                "folders": {"sent": 'a "b"'}}, file, comment="bob's\nmail")
    assert added.folders == {"sent": 'a "b"'}
    text = file.read_text()
    assert text.startswith(WHOLE)
    assert "\n# bob's\n# mail\n[accounts.bob]\n" in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in load_accounts(file)] == ["ann", "work", "bob"]
    with pytest.raises(AlreadyExists, match="one of that name"):
        add_account("bob", {"address": "bob@example.org"}, file)
    remove_account("bob", file)
    assert file.read_text().strip() == WHOLE.strip()
    remove_account("work", file)
    assert file.read_text().rstrip() == WHOLE.partition("# work")[0].rstrip()
    remove_account("ann", file)
    assert file.read_text().split() == ["#", "My", "mail.", "keys", "=", '"file"']
    with pytest.raises(NotFound):
        remove_account("ann", file)


def test_a_bad_account_is_not_added(file: Path) -> None:
    with pytest.raises(UsageError, match="impa: there is no such key"):
        add_account("eve", {"address": "e@example.org", "impa": "x"}, file)
    assert file.read_text() == WHOLE


@pytest.mark.parametrize("text", [
    'accounts = { ann = { address = "a@example.org", imap = "imaps://x.example" } }\n',
    'accounts.ann.address = "a@example.org"\naccounts.ann.imap = "imaps://x.example"\n',
])
def test_what_only_a_person_can_change(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match="in a way that Postel does not change"):
        remove_account("ann", file)
    assert file.read_text() == text


def test_files_that_are_not_trusted(file: Path) -> None:
    file.chmod(0o622)
    with pytest.raises(Forbidden, match="others may write it") as caught:
        load_accounts(file)
    assert f"chmod go-w {file}" in caught.value.hint
    file.chmod(0o600)
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_accounts(file)
    file.write_bytes(b"#" * 2_000_000)
    with pytest.raises(LimitReached):
        load_accounts(file)


def test_a_link_stays_one(file: Path) -> None:
    link = file.with_name("link.toml")
    link.symlink_to(file)
    remove_account("work", link)
    assert link.is_symlink()
    assert "work" not in load_accounts(file).accounts


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTEL_CONFIG", str(tmp_path / "own"))
    assert len(load_accounts()) == 0
    add_account("ann", {"address": "ann@example.org", "imap": "imaps://x.example"})
    assert (tmp_path / "own" / "accounts.toml").exists()
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700


# -- TOML, whatever it looks like -----------------------------------------------------------------


KEYS = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6)


@given(st.dictionaries(KEYS, VALUES, max_size=4), KEYS)
def test_what_is_written_is_read(values: dict[str, Any], name: str) -> None:
    assert tomllib.loads(f"x = {written(values)}")["x"] == values
    made = add_table("# top\ny = 1\n", ("accounts", name), values)
    read = tomllib.loads(made)["accounts"][name]
    assert {**read, **{one: {} for one, value in values.items() if value == {}}} == values
    headers = [one for one in places(made) if one.header]
    assert headers[0].path == ("accounts", name)
    assert headers[0].line == 4
    assert remove_table(made, ("accounts", name)).strip() == "# top\ny = 1"


def test_long_strings_hide_what_looks_like_keys() -> None:
    text = "a = '''\nb = 1 ''''\nc = \"\"\"x\\\"\"\"\"\n[d]\ne = [ # ]\n '[', \"]\" ]\n\"f.g\".h = 1\n"
    tomllib.loads(text)
    assert [(one.path, one.line) for one in places(text)] == [
        (("a",), 1), (("c",), 3), (("d",), 4), (("d", "e"), 5), (("d", "f.g", "h"), 7)]
