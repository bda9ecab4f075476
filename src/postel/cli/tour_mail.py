"""What the tour does with mail: many languages, signed, sent, refused, fetched, checked."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from datetime import UTC, datetime

from ..dns.client_sync import Client as Names
from ..lab import Lab
from ..mail.authentication_sync import authenticate
from ..mail.outbox_sync import Outbox
from ..messages import Message, Signer, parse
from ..pop3.client_sync import Client as Mailbox
from ..smtp.client_sync import Client
from ..wire.text import display
from .tour_rows import Ground, Result, check

__all__ = ["ROWS"]

_PASSWORD = "secret"  # noqa: S105 - the lab's
_TEXT = """Liebe Grüße aus der Werkstatt.
Κάθε γλώσσα χωράει σε ένα γράμμα.
Каждый язык помещается в письмо.
手紙にはどの言葉も入る。 信里容得下每一种语言。
כל שפה נכנסת במכתב. كل لغة تتسع في رسالة.
.
..two dots
From the beginning of a line
"""


def _files() -> dict[str, bytes]:
    """Attachments: every byte there is, text in another script, and a large one."""
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(256))
    return {"every byte.bin": bytes(range(256)) * 40, "Übersicht 報告.txt": _TEXT.encode(),
            "noise.dat": noise * 64}


def _signed(lab: Lab) -> bytes:
    """A message with all of it, signed; the key is published in the lab's DNS."""
    draft = Message(from_="Alice Übermut <alice@lab.test>",
                    to=["Bob 山田 <bob@lab.test>", "eve@lab.test"],
                    subject="Übersicht, обзор, 概要, סקירה", text=_TEXT,
                    html="<p>" + "<br>".join(_TEXT.splitlines()) + "</p>",
                    attach=list(_files().items()))
    data = bytes(draft.build(now=datetime.now(UTC), unique=secrets.token_hex(12)))
    signer = Signer("lab.test", "tour", b64encode(secrets.token_bytes(32)).decode())
    lab.dns.zone("lab.test")
    lab.dns.add("tour._domainkey.lab.test", "TXT", signer.record)
    return signer.sign(data, now=int(datetime.now(UTC).timestamp())) + data


def letter(ground: Ground) -> Result:
    """Composed, signed, sent over TLS, refused for one, fetched by POP3, checked."""
    lab = ground.lab
    message = _signed(lab)
    lab.submission.faults.say("RCPT eve@ → 550 5.1.1 nobody of that name")
    with Client(lab.url("submissions"), password=_PASSWORD) as server:
        sent = server.send(message, sender="alice@lab.test",
                           recipients=["bob@lab.test", "eve@lab.test"], raise_on="never")
        peer = server.peer
    lab.submission.faults.clear()
    check(sent.accepted == ("bob@lab.test",), f"accepted: {sent.accepted}")
    check(list(sent.refused) == ["eve@lab.test"], f"refused: {list(sent.refused)}")
    with Mailbox(lab.url("pop3s", user="bob"), password=_PASSWORD) as box:
        fetched = box.retr(box.stat().messages)
    trace, mark, rest = fetched.partition(b"DKIM-Signature:")
    check(mark + rest == message, "what was fetched is not what was sent")
    check(trace.startswith(b"Return-Path: <alice@lab.test>\r\nReceived: "), "there is no trace")
    got = {one.name: one.content for one in parse(fetched).attachments}
    check(got == _files(), f"the attachments: {sorted(got)}")
    with Names(lab.url("dns")) as names:
        (verdict,) = authenticate(fetched, names).dkim
    check(verdict.result == "pass", f"the signature: {verdict.result}: {verdict.reason}")
    return Result(1, len(message), "bytes, DKIM",
                  [f"{peer.tls}, {peer.cipher}", f"DKIM by {verdict.domain}: {verdict.result}",
                   *(display(str(one)) for one in sent.recipients)])


def outbox(ground: Ground) -> Result:
    """Mail that waits on disk: a server that is busy twice, an answer that is lost."""
    lab, path = ground.lab, ground.folder / "outbox.db"
    lab.smtp.faults.say("RCPT bob@ → 452 4.2.2 busy, twice, then ok",
                        "MESSAGE → 554 5.6.0 no, once")
    before = len(lab.mail.messages)
    with Outbox(path, security="plain") as waiting:
        item = waiting.add(b"From: alice@lab.test\r\nSubject: waits\r\n\r\n.\r\n",
                           via=lab.url("smtp"), recipients=["bob@lab.test", "carol@lab.test"])
        told = []
        for _ in range(4):
            waiting.retry(item.id)
            (item,) = waiting.run()
            told.append(", ".join(f"{one.address} {one.state}" for one in item.destinations))
            if item.is_final and set(item.states()) == {"sent"}:
                break
        check(set(item.states()) == {"sent"}, f"it ended as {item.states()}")
    lab.smtp.faults.clear()
    caught = lab.mail.messages[before:]
    got = sorted(address for one in caught for address in one.recipients)
    check(got == ["bob@lab.test", "carol@lab.test"], f"it came to {got}")
    return Result(len(caught), sum(one.size for one in caught), "each once", told)


ROWS = (
    ("Mail: signed, sent, fetched", letter),
    ("Mail: an outbox, a busy server", outbox),
)
"""The rows of mail, in order."""
