"""Real servers' answers, as MailKit has collected them, played to our client by a server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postel import imap
from postel.errors import ReplyError
from postel.imap.learned import LEARNED

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))
from imap_peer import IMAPPeer, ok

CORPORA = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared" / "corpora"))
ROOT = CORPORA / "transcripts" / "mailkit" / "imap"
PROVIDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir()) if ROOT.is_dir() else []
needs = pytest.mark.skipif(not PROVIDERS, reason="MailKit's responses are not there: transcripts/mailkit/imap")
TAG = re.compile(rb"A########")
LITERAL = re.compile(rb"\{\d+\}\r\n")


def answer(path: Path) -> bytes:
    data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return TAG.sub(b"%T", data)


def _consume(results: Any) -> int:
    with results as opened:
        return len(list(opened))


WORDS: list[tuple[str, str, Callable[[imap.Client], object]]] = [
    (r"namespace", "NAMESPACE", lambda box: box.namespaces()),
    (r"x?list", "LIST", lambda box: box.list("x%")),
    (r"lsub", "LSUB", lambda box: box.list("x%", subscribed=True)),
    (r"(select|examine|enable-q|condstore)", "SELECT", lambda box: box.select("INBOX")),
    (r"status", "STATUS", lambda box: box.status("INBOX")),
    (r"(fetch|getmessage|getbody|getstream|sync|uid-fetch|all)", "UID FETCH",
     lambda box: _consume(box.fetch("1:*", "flags"))),
    (r"(store|setflags|change-labels|add-|remove-|set-)", "UID STORE",
     lambda box: box.store("1:3", add="\\Seen", silent=False)),
    (r"(search|optimized)", "UID SEARCH", lambda box: box.search("ALL")),
    (r"sort", "UID SORT", lambda box: box.sort("date")),
    (r"thread", "UID THREAD", lambda box: box.thread()),
    (r"append|multiappend", "APPEND", lambda box: box.append("INBOX", b"x")),
    (r"copy", "UID COPY", lambda box: box.copy("1:3", "x")),
    (r"move", "UID MOVE", lambda box: box.move("1:3", "x")),
    (r"uid-expunge", "UID EXPUNGE", lambda box: box.expunge([1])),
    (r"expunge", "EXPUNGE", lambda box: box.expunge()),
    (r"noop", "NOOP", lambda box: box.noop()),
    (r"getacl", "GETACL", lambda box: box.acl("INBOX")),
    (r"myrights", "MYRIGHTS", lambda box: box.my_rights("INBOX")),
    (r"listrights", "LISTRIGHTS", lambda box: box.list_rights("INBOX", "ann")),
    (r"(inbox-)?getmetadata", "GETMETADATA", lambda box: box.metadata("INBOX")),
    (r"(inbox-)?setmetadata", "SETMETADATA", lambda box: box.set_metadata("INBOX", {"/private/a": "b"})),
    (r"getquota", "GETQUOTAROOT", lambda box: box.quota()),
]


def _offers(path: Path) -> str:
    """All that the provider says it can do, so that every word is tried."""
    found = {"IMAP4rev1", "AUTH=PLAIN", "SASL-IR", "NAMESPACE", "ACL", "METADATA", "QUOTA", "UIDPLUS",
             "MOVE", "SORT", "THREAD=REFERENCES", "CONDSTORE"}
    for name in ("capability.txt", "authenticate.txt", "greeting.txt"):
        if (path / name).exists():
            text = (path / name).read_text("latin-1")
            if match := re.search(r"CAPABILITY ([^\]\r\n]*)", text):
                found |= set(match[1].split())
    return " ".join(sorted(found - {"LOGINDISABLED", "AUTH=GSSAPI", "LITERAL-"}))


@needs
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_session_with_each_of_their_answers(provider: str) -> None:
    LEARNED.clear()
    folder, tried = ROOT / provider, 0
    greeting = answer(folder / "greeting.txt") if (folder / "greeting.txt").exists() else None
    with IMAPPeer(greeting=greeting, offers=_offers(folder)) as peer:
        box = imap.Client("127.0.0.1", port=peer.port, user="ann", password="pw", auth="PLAIN" if "CRAM-MD5" in _offers(folder) else None,
                          security="plain", timeout=5)
        with box:
            box._told(_offers(folder).split())
            box.rev2 = False
            for path in sorted(folder.glob("*.txt")):
                for pattern, verb, word in WORDS:
                    if re.match(pattern, path.name):
                        said = answer(path)
                        peer.answers = {**peer.answers, "SELECT": peer.DEFAULT["SELECT"], verb: said}
                        if said.startswith(b"+") or b"%T" not in said:
                            break  # a step of something else
                        if verb != "SELECT":
                            box.select("INBOX")
                        try:
                            word(box)
                        except ReplyError as error:
                            assert b"%T NO" in said or b"%T BAD" in said or verb in (
                                "STATUS", "LISTRIGHTS"), (path.name, error)
                        peer.answers[verb] = peer.DEFAULT.get(verb, ok())
                        tried += 1
                        break
            box.noop()
    assert tried or provider in ("qqmail", "uw", "smartermail", "protonmail", "courier", "cyrus", "lowercase") \
        or len(list(folder.glob("*.txt"))) < 8, provider
