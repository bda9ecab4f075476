"""The tour's rows of mail on a server: pushed, answered, filed, searched; an account that moves."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from ..imap.client_sync import Client as Mailbox
from ..imap.events import Arrived
from ..lab import Lab, start
from ..mail.moving_sync import migrate
from ..messages import Message, parse, reply
from ..smtp.client_sync import Client as Submission
from ..wire.text import display
from .tour_rows import Ground, Result, check

__all__ = ["ROWS"]

_PASSWORD = "secret"  # noqa: S105 - the lab's
_PATIENCE = 10.0
_EACH = 20
"""Messages in each folder of the account that moves."""


def pushed(ground: Ground) -> Result:
    """Mail is sent while a mailbox listens; it is fetched, answered, filed and searched for."""
    with start("imap", "submission") as lab:
        sent = _written("Bob 山田 <bob@lab.test>", "alice@lab.test", "Übersicht, обзор, 概要")
        with _mailbox(lab, "alice") as box:
            box.select("INBOX")
            arrived = _told(lab, box, sent)
            (uid,) = box.search("UNSEEN FROM ?", "bob")
            got = _fetched(box, uid)
            check(got.endswith(sent), "what was fetched is not what was sent")
            answer = _built(reply(parse(got), from_="alice@lab.test", text="Merci — 谢谢."))
            _send(lab, "alice@lab.test", "bob@lab.test", answer)
            put = box.append("Sent", answer, flags=["\\Seen"])
            box.store(uid, add=["\\Answered", "\\Seen"])
            box.create("Projects")
            moved = box.move(uid, "Projects")
            check(not box.search("ALL"), "the message is still in the INBOX")
            box.select("Projects", readonly=True)
            found = box.search("ANSWERED SUBJECT ?", "обзор")
            check(found == list((moved.mapping or {}).values()), f"the search found {found}")
            check(_fetched(box, found[0]) == got, "what was filed is not what came")
        _answered(lab, sent, answer)
        told = [f"told by IDLE: {arrived.exists} message; answered, filed in Projects, "
                f"found there by {display('SUBJECT обзор')}",
                f"the answer is in bob's INBOX and in Sent (UID {put.uid})"]
        return Result(2, len(sent) + len(answer), "bytes, thread", told)


def _answered(lab: Lab, sent: bytes, answer: bytes) -> None:
    """Check that the answer came to the one who wrote, in the thread of what he wrote."""
    with _mailbox(lab, "bob") as box:
        box.select("INBOX", readonly=True)
        (uid,) = box.search("HEADER In-Reply-To ?", parse(sent).message_id)
        check(_fetched(box, uid).endswith(answer), "the answer is another")


def migrated(ground: Ground) -> Result:
    """A whole account to a provider of another kind, twice; every message compared."""
    state = ground.folder / "moving.sqlite"
    with start("imap") as old, start("imap") as new:
        new.imap.use("outlook")
        filed = _fill(old)
        options = {"password": _PASSWORD}
        ends = (old.url("imaps", user="alice"), new.url("imaps", user="alice"))
        first, again = (migrate(*ends, state=state, source_options=options, target_options=options)
                        for _ in range(2))
        check(first.ok and again.ok, f"not done: {(*first.problems, *again.problems)}")
        count, size = _compared(old, new, {one.left: one.right for one in first.folders})
        moved = first.total("left")
        check(moved.adds_up and moved.copied == count == filed,
              f"{moved.copied} of {filed} messages were copied, {count} are there")
        check(not again.changed, "the second run copied something again")
    names = [f"{one.left} → {one.right}" for one in first.folders
             if one.from_left.found and one.left != one.right]
    return Result(count, size, "bytes, flags",
                  [f"to a provider of other habits: {', '.join(names)}",
                   "the second run copied nothing"])


def _fill(lab: Lab) -> int:
    """Mail in folders of every kind, by one round trip for all of a folder; how many."""
    from ..imap import Letter

    with _mailbox(lab, "alice") as box:
        box.create("Projekte/Übersicht 報告")
        folders = [one.name for one in box.list() if "\\Noselect" not in one.attributes]
        for name in folders:
            letters = [Letter(_written(f"Ann {n} <ann@lab.test>", "alice@lab.test", f"{n}: ü я 概"),
                              ("\\Seen", "\\Flagged")[:n % 3]) for n in range(_EACH)]
            put = sum(1 for _ in box.append_many(name, letters))
            check(put == _EACH, f"{put} messages were filed in {display(name)}")
    return _EACH * len(folders)


def _compared(old: Lab, new: Lab, names: dict[str, str]) -> tuple[int, int]:
    """Check that both accounts have the same messages in the same folders; how many, and bytes."""
    count = size = 0
    with _mailbox(old, "alice") as left, _mailbox(new, "alice") as right:
        for name, other in names.items():
            here, there = _content(left, name), _content(right, other)
            check(here == there, f"{display(name)} and {display(other)} differ")
            count, size = count + len(here), size + sum(len(data) for data, _ in here)
    return count, size


def _content(box: Mailbox, name: str) -> list[tuple[bytes, list[str]]]:
    box.select(name, readonly=True)
    return sorted((chunks.read(), sorted(meta.flags - {"\\Recent"}))
                  for _, meta, chunks in box.fetch_many_bodies("1:*", "flags"))


def _told(lab: Lab, box: Mailbox, message: bytes) -> Arrived:
    """Send while the mailbox listens, and wait for the word that something came."""
    with box.idle(seconds=_PATIENCE) as watch:
        _send(lab, "bob@lab.test", "alice@lab.test", message)
        for event in watch:
            if isinstance(event, Arrived):
                return event
    check(False, "nothing was pushed")
    raise AssertionError


def _mailbox(lab: Lab, user: str) -> Mailbox:
    return Mailbox(lab.url("imaps", user=user), password=_PASSWORD)


def _fetched(box: Mailbox, uid: int) -> bytes:
    with box.open_message(uid) as chunks:
        return b"".join(chunks)


def _send(lab: Lab, sender: str, recipient: str, message: bytes) -> None:
    user = sender.partition("@")[0]
    with Submission(lab.url("submissions", user=user), password=_PASSWORD) as server:
        server.send(message, sender=sender, recipients=[recipient])


def _written(sender: str, to: str, subject: str) -> bytes:
    return _built(Message(from_=sender, to=to, subject=subject,
                          text="Grüße — 你好 — привет\n.\n..two dots\nFrom the start of a line\n",
                          attach=[("every byte.bin", bytes(range(256)) * 8)]))


def _built(draft: Message) -> bytes:
    return bytes(draft.build(now=datetime.now(UTC), unique=secrets.token_hex(12)))


ROWS = (
    ("IMAP: pushed, answered, found", pushed),
    ("IMAP: an account moved", migrated),
)
"""The rows, in order: a title, and the function that does it."""
