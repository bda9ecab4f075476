"""IMAP: no argument of any method can begin a second command; cut connections are errors.

The oracle reads what was sent as a strict server does (`postel.imap.wire_server`): whatever a
caller gives, either nothing is sent or exactly the commands that the method stands for.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from typing import Any

import pytest
from imap_peer import IMAPPeer, ok

from postel import imap
from postel.errors import ConnectionLost, PostelError, UsageError
from postel.imap.learned import LEARNED

EVIL = ["\r", "\n", "\0", "x\r\nA9 DELETE INBOX", 'x" DELETE y', "x) DELETED (", "{9+}", "{3}\r\nabc",
        "\\", "a\\", '"', "x\x7f", "\x80", "ü{1}", "*", "", "(", "%T", "\ud800", "x" * 2000]
SKIPPED = {"open", "close", "logout", "login", "authenticate", "starttls", "compress", "idle",
           "notify", "another", "unauthenticate"}
LOCAL = {"to"}
OFFERS = ("IMAP4rev1 ENABLE ID UIDPLUS MOVE UNSELECT LITERAL+ ESEARCH CONDSTORE QRESYNC NAMESPACE "
          "QUOTA ACL METADATA URLAUTH BINARY CATENATE SEARCHRES MULTISEARCH SORT THREAD=REFERENCES "
          "LANGUAGE X-GM-EXT-1 CREATE-SPECIAL-USE LIST-EXTENDED SPECIAL-USE AUTH=PLAIN SASL-IR")
VERBS = {
    "LIST", "LSUB", "STATUS", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE",
    "UNSUBSCRIBE", "APPEND", "UID", "ENABLE", "ID", "NAMESPACE", "GETQUOTAROOT", "SETQUOTA", "GETACL",
    "SETACL", "DELETEACL", "MYRIGHTS", "LISTRIGHTS", "GETMETADATA", "SETMETADATA", "GENURLAUTH",
    "URLFETCH", "RESETKEY", "LANGUAGE", "ESEARCH", "EXPUNGE", "NOOP", "CAPABILITY",
}


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


def _texts() -> Iterator[tuple[str, str]]:
    for name, function in inspect.getmembers(imap.Client, inspect.isfunction):
        if name.startswith("_") or name in SKIPPED:
            continue
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name not in ("self", *LOCAL) and any(
                    word in str(parameter.annotation) for word in ("str", "Uids", "object")):
                yield name, parameter.name


def _given(name: str, argument: str, evil: str) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of the method: *evil* in one, something harmless in the others."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in inspect.signature(getattr(imap.Client, name)).parameters.values():
        if parameter.name == "self":
            continue
        value: Any = {"uid": 1, "uids": "1:2", "root": "r", "limits": {"STORAGE": 1}, "first": 1, "last": 2,
                      "message": b"m", "messages": [b"m"], "keys": "date", "to": None, "state": None,
                      "algorithm": "REFERENCES", "depth": "0", "entries": {"/a": "b"},
                      "parts": [b"x"]}.get(parameter.name, "harmless")
        if parameter.name == argument:
            value = {"limits": {evil: 1}, "entries": {evil: evil} if "set_" in name else [evil],
                     "fields": {evil: evil}, "parts": [evil]}.get(argument, evil)
        elif parameter.default is not inspect.Parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            if parameter.name == argument:
                if name.startswith(("search", "sort", "thread")):
                    named["query"] = "SUBJECT ?"
                positional.append(value)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = value
        else:
            named[parameter.name] = value
    if positional:  # what stands before *values goes by place
        order = [one.name for one in inspect.signature(getattr(imap.Client, name)).parameters.values()
                 if one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self"]
        return [*(named.pop(one, "date") for one in order), *positional], named
    return positional, named


TEXTS = list(_texts())


def test_there_is_something_to_test() -> None:
    assert len(TEXTS) > 45, TEXTS
    assert {"search", "store", "append", "set_metadata", "fetch"} <= {name for name, _ in TEXTS}


def _use(result: Any) -> None:
    if hasattr(result, "__enter__"):
        with result as opened:
            list(opened)
    elif hasattr(result, "__next__"):
        list(result)


@pytest.mark.parametrize(("name", "argument"), TEXTS)
def test_no_argument_begins_a_command(name: str, argument: str) -> None:
    anything: dict[str, Any] = {verb: ok() for verb in VERBS}
    anything |= {f"UID {verb}": ok() for verb in (
        "FETCH", "STORE", "COPY", "MOVE", "EXPUNGE", "SEARCH", "SORT", "THREAD")}
    with IMAPPeer(anything, offers=OFFERS) as peer:
        with imap.Client("127.0.0.1", port=peer.port, user="a", password="b", security="plain",
                         timeout=5) as box:
            box.select()
            for evil in EVIL:
                before = len(peer.words)
                positional, named = _given(name, argument, evil)
                try:
                    _use(getattr(box, name)(*positional, **named))
                except PostelError as error:
                    if isinstance(error, UsageError):
                        assert len(peer.words) <= before + 1, (evil, peer.words[before:])
                for word in peer.words[before:]:
                    assert word.split(b" ")[0].decode("latin-1") in VERBS, (evil, word)
                    assert not word.startswith((b"DELETE INBOX", b"DELETE y"))
                if box.selected is None:
                    box.select()
            box.noop()


@pytest.mark.slow
def test_100_000_arguments_end_no_command() -> None:
    """What `asking` makes of any text is one string, to a reader that knows nothing else."""
    from postel.imap import asking, tokens

    dice, letters = random.Random(1), '\r\n\0"\\{}()+0123456789 abcü*%~\x7f日'
    for _ in range(100_000):
        text = "".join(dice.choices(letters, k=dice.randrange(12)))
        for made in (asking.text, asking.mailbox, asking.pattern):
            try:
                part = made(text)
            except UsageError:
                continue
            if isinstance(part, tuple):
                assert b"\0" not in bytes(part[0])  # type: ignore[arg-type]
                continue
            assert b"\r" not in part
            assert b"\n" not in part
            assert len(tokens.parse([part])) == 1


@pytest.mark.parametrize("cut", range(0, 125, 7))
def test_a_cut_anywhere_is_an_error(cut: int) -> None:
    answer = (b"* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[] {20}\r\n01234567890123456789)\r\n"
              b"* 2 FETCH (UID 2 FLAGS () BODY[] {5}\r\nabcde)\r\n%T OK done\r\n")[:cut]

    def cutting(line: Any, tag: bytes, command: bytes) -> None:
        line.say(answer.replace(b"%T", tag))
        line.close()

    with IMAPPeer({"UID FETCH": cutting}) as peer:
        box = imap.Client("127.0.0.1", port=peer.port, user="a", password="b", security="plain", timeout=5)
        box.open()
        box.select()
        with pytest.raises(ConnectionLost):
            list(box.fetch("1:2", "flags", "body"))
        assert not box.is_open
        box.close()
