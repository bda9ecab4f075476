"""What the lab's mail servers do wrong on demand, said in words: "RCPT b@ → 452 twice, then ok".

Pure: it looks at no clock; the moment of a message is an argument. Each sentence becomes a `Rule`
(or a `Rate`); the first rule that concerns a step of the dialogue and is due is carried out.
The steps are the verbs, and three that have none: ``GREETING``, ``354`` (the server has asked for
the message) and ``MESSAGE`` (all of it is here, and nothing has been answered yet).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from ..errors import UsageError
from ..serving.faults import Fault, Faults

__all__ = ["FORMS", "Act", "MailFaults", "Rate", "Rule"]

Act = Literal["reply", "drop", "silence", "take and drop", "inject"]

FORMS = (
    "RCPT b@ → 452 twice, then ok",
    "MAIL → 451 4.3.0 busy, three times",
    "MESSAGE → 554 5.6.0 no",
    "GREETING → 421",
    "AUTH → drop once",
    "DATA → silence",
    "421 above 5 messages a second",
    "452 above 10 messages a connection",
    "drop after 354",
    "drop after 1000 bytes",
    "drop after the message",
    "reply before TLS",
)
"""One sentence of each form that `MailFaults.say` understands."""

_COUNTS = {"once": 1, "twice": 2, "three times": 3, "always": None}
_TIMES = r"(?:once|twice|three times|always|\d{1,6} times)"
_STEP = re.compile(
    r"(?P<code>[2345]\d\d)(?: (?P<status>[245]\.\d{1,3}\.\d{1,3}))?"
    r"(?: (?P<text>.*?))??(?:,? (?P<times>" + _TIMES + r"))?\Z"
    r"|(?P<act>drop|silence|ok)(?: (?P<often>" + _TIMES + r"))?\Z")
_RULE = re.compile(r"(?P<verb>[A-Z0-9]{3,8})(?: (?P<what>\S+))? *(?:→|->) *(?P<steps>.+)\Z")
_RATE = re.compile(r"(?P<code>4\d\d)(?: (?P<status>4\.\d{1,3}\.\d{1,3}))? above (?P<most>\d{1,6}) "
                   r"messages? (?:a|per) (?P<span>second|minute|hour|connection)\Z")
_DROP = re.compile(r"drop after (?P<step>354|the message|(?P<bytes>\d{1,12}) bytes|[A-Z]{4,8})"
                   r"(?: (?P<times>" + _TIMES + r"))?\Z")
_SPANS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "connection": None}
_STEPS = ("GREETING", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT",
          "MESSAGE", "RSET", "NOOP", "VRFY", "QUIT")


@dataclass
class Rule:
    """One thing to do at one step.

    Args:
        step: a verb, ``GREETING``, ``354``, ``MESSAGE``, ``after RCPT`` or ``bytes``.
        what: whom it concerns: ``b@``, ``@example.org``, ``b@example.org``; "" means all.
        act: answer, drop the line, say nothing, take the message and drop, inject.
        reply: code, enhanced status, text.
        times: how often; None means always.
        size: for ``bytes``: how many are read first.
    """

    step: str
    what: str = ""
    act: Act | Literal["ok"] = "reply"
    reply: tuple[int, str, str] = (0, "", "")
    times: int | None = None
    size: int = 0

    def concerns(self, step: str, argument: str) -> bool:
        """Whether it is about this step."""
        if self.step != step or self.times == 0:
            return False
        what, address = self.what.lower(), argument.lower()
        if what.endswith("@"):
            return address.startswith(what)
        return address.endswith(what) if what.startswith("@") else what in ("", address)


@dataclass
class Rate:
    """At most so many messages in so many seconds; None: on one connection."""

    most: int
    span: float | None
    reply: tuple[int, str, str]
    moments: deque[float] = field(default_factory=deque)

    def exceeded(self, now: float, on_connection: int) -> bool:
        """Whether one more at *now* is too many; counts it where it is not."""
        if self.span is None:
            return on_connection >= self.most
        while self.moments and self.moments[0] <= now - self.span:
            self.moments.popleft()
        if len(self.moments) >= self.most:
            return True
        self.moments.append(now)
        return False


class MailFaults(Faults):
    """The script of a mail server's faults, in words or by `Faults.on`.

    Example:
        >>> faults = MailFaults()
        >>> faults.say("RCPT b@ → 452 twice, then ok")
        >>> [rule.reply[0] if (rule := faults.met("RCPT", "b@example.org")) else None
        ...  for _ in range(3)]
        [452, 452, None]
        >>> faults.met("RCPT", "ann@example.org") is None
        True
    """

    def __init__(self) -> None:
        super().__init__()
        self.rules: list[Rule] = []
        self.rates: list[Rate] = []

    def say(self, *sentences: str) -> None:
        """Add what these sentences say; `FORMS` has one of each form.

        Raises:
            UsageError: one is of no form.
        """
        for sentence in sentences:
            words = " ".join(sentence.split()).rstrip(".")
            if (found := _RULE.match(words)) and found["verb"] in _STEPS:
                self.rules += _steps(sentence, found["verb"], found["what"] or "", found["steps"])
            elif found := _RATE.match(words):
                self.rates.append(_rate(found))
            elif found := _DROP.match(words):
                self.rules.append(_drop(found))
            elif words == "reply before TLS":
                self.rules.append(Rule("STARTTLS", act="inject"))
            else:
                raise _unclear(sentence)

    def clear(self) -> None:
        """Do nothing wrong any more."""
        super().clear()
        self.rules.clear()
        self.rates.clear()

    def met(self, step: str, argument: str = "") -> Rule | None:
        """The rule that *step* meets now, or None; counts it."""
        rule = next((one for one in self.rules if one.concerns(step, argument)), None)
        if rule is None:
            return None
        if rule.times is not None:
            rule.times -= 1
        return None if rule.act == "ok" else rule

    def data_limit(self) -> Rule | None:
        """The rule that ends a message after so many bytes, or None; counts it."""
        return self.met("bytes")

    def too_many(self, now: float, on_connection: int) -> tuple[int, str, str] | None:
        """The answer to one message too many at *now*; counts those that are not."""
        for rate in self.rates:
            if rate.exceeded(now, on_connection):
                return rate.reply
        return None

    def plain(self, step: str) -> Fault | None:
        """What was scripted by `on`."""
        return self.due(step)


def _steps(sentence: str, verb: str, what: str, text: str) -> list[Rule]:
    """``452 twice, then 550 once, then ok``: one rule after the other."""
    parts = re.split(r",? then ", text)
    rules: list[Rule] = []
    for number, part in enumerate(parts):
        found = _STEP.match(part)
        if not found:
            raise _unclear(sentence)
        more = number < len(parts) - 1
        word = found["times"] or found["often"]
        times = _count(word) if word else (1 if more else None)
        if found["act"]:
            rules.append(Rule(verb, what, found["act"], times=times))  # type: ignore[arg-type]
            continue
        code = int(found["code"])
        said = found["text"] or "as you asked"
        rules.append(Rule(verb, what, "reply", (code, _status(found["status"], code), said), times))
    return rules


def _rate(found: re.Match[str]) -> Rate:
    code = int(found["code"])
    span = found["span"]
    text = f"{found['most']} messages a {span} are enough"
    return Rate(int(found["most"]), _SPANS[span], (code, found["status"] or "4.7.0", text))


def _drop(found: re.Match[str]) -> Rule:
    times = _count(found["times"]) if found["times"] else None
    if found["bytes"]:
        return Rule("bytes", act="drop", times=times, size=int(found["bytes"]))
    if found["step"] == "the message":
        return Rule("MESSAGE", act="take and drop", times=times)
    step = found["step"]
    return Rule(step if step == "354" else f"after {step}", act="drop", times=times)


def _count(word: str) -> int | None:
    return _COUNTS[word] if word in _COUNTS else int(word.split()[0])


def _status(given: str | None, code: int) -> str:
    """The enhanced status code: what was said, or the plainest of its class (RFC 3463)."""
    if given:
        return given
    return {452: "4.2.2", 550: "5.1.1", 552: "5.2.2"}.get(code, f"{code // 100}.0.0")


def _unclear(sentence: str) -> UsageError:
    return UsageError(f"a fault of a mail server: {sentence!r} is not understood",
                      hint="say it as one of these: " + "; ".join(FORMS))
