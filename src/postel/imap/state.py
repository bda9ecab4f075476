"""What was known of a folder, to ask for what has changed since; it is kept as JSON. Pure.

How much must be known depends on the server (RFC 7162). With QRESYNC the mod-sequence is enough,
with CONDSTORE the UIDs too, and without either the flags of every message. Sets of UIDs are kept
as ranges and flags as one set of UIDs each, so that a million messages are a few kilobytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import PostelError, UsageError
from .sequence import NumberSet

__all__ = ["Changes", "State"]

_FORM = 1


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a folder.

    Args:
        uidvalidity: when it has changed, nothing of this is worth anything.
        uidnext: messages from here on are new.
        highestmodseq: of the last change that is known; None without CONDSTORE.
        exists: how many messages there were.
        uids: of them.
        flags: who has which, by flag.
        mailbox_id: that stays when the folder is renamed (RFC 8474).

    Example:
        >>> known = State(7, 10, None, 2, NumberSet([3, 9]), {"\\\\Seen": NumberSet([3])})
        >>> State.from_json(known.to_json()) == known, sorted(known.flags_of(3))
        (True, ['\\\\Seen'])
    """

    uidvalidity: int | None = None
    uidnext: int | None = None
    highestmodseq: int | None = None
    exists: int = 0
    uids: NumberSet = field(default_factory=NumberSet)
    flags: Mapping[str, NumberSet] = field(default_factory=dict)
    mailbox_id: str = ""

    @staticmethod
    def grouped(flags: Iterable[tuple[int, Iterable[str]]]) -> dict[str, NumberSet]:
        """Flags of messages, turned round: UIDs by flag.

        Example:
            >>> State.grouped([(1, ["a"]), (2, ["a", "b"])])
            {'a': NumberSet.parse('1:2'), 'b': NumberSet.parse('2')}
        """
        found: dict[str, list[int]] = {}
        for uid, names in flags:
            for name in names:
                found.setdefault(name, []).append(uid)
        return {name: NumberSet(uids) for name, uids in sorted(found.items())}

    def flags_of(self, uid: int) -> frozenset[str]:
        """Which flags the message had."""
        return frozenset(name for name, uids in self.flags.items() if uid in uids)

    def to_json(self) -> str:
        """All of it as one line of text."""
        return json.dumps({
            "form": _FORM, "uidvalidity": self.uidvalidity, "uidnext": self.uidnext,
            "highestmodseq": self.highestmodseq, "exists": self.exists, "uids": str(self.uids),
            "flags": {name: str(uids) for name, uids in self.flags.items()},
            "mailbox_id": self.mailbox_id,
        }, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> State:
        """What `to_json` made.

        Raises:
            UsageError: it is something else.
        """
        try:
            kept = json.loads(text)
            if kept["form"] != _FORM:
                raise UsageError(f"the state of a folder: it has form {kept['form']!r}, which this "
                                 "version does not read", hint="leave it out: all is compared anew")
            numbers = [kept[name] for name in ("uidvalidity", "uidnext", "highestmodseq")]
            if not all(one is None or type(one) is int for one in numbers):
                raise TypeError("a number is none")
            return cls(numbers[0], numbers[1], numbers[2], int(kept["exists"]),
                       NumberSet.parse(kept["uids"]),
                       {str(name): NumberSet.parse(uids) for name, uids in kept["flags"].items()},
                       str(kept["mailbox_id"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError,
                PostelError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError("the state of a folder: this is none", hint="give what State.to_json "
                             "made, or leave it out: all is compared anew") from None


@dataclass(frozen=True, slots=True)
class Changes:
    """What has happened in a folder since a `State`.

    Args:
        added: UIDs of new messages.
        vanished: UIDs of messages that are gone.
        flags: of messages that were there before and have others now, by UID; all of them.
        state: to ask with the next time.
        reset: UIDs mean other messages now: forget what was known, all there is counts as added.
    """

    added: NumberSet
    vanished: NumberSet
    flags: Mapping[int, frozenset[str]]
    state: State
    reset: bool = False

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return bool(self.added or self.vanished or self.flags or self.reset)
