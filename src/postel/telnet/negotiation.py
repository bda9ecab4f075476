"""The Q method of RFC 1143: both sides of every option, and no loop whatever the peer says.

A grammar module. An option has two sides: what *we* do (the peer says DO and DONT, we WILL and
WONT) and what *the peer* does (it says WILL and WONT, we DO and DONT). Each side is in one of four
states; while a request is under way, a change of mind waits in a queue of one. A request for what
is so already gets no answer: so two machines that follow the method always come to rest.

The method says nothing of a peer that changes its mind for ever. `MOST_CHANGES` does: a side that
has been told so often what it should be is left as it is, and what else comes for it is unheard.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .codes import DO, DONT, WILL, WONT

__all__ = ["MOST_CHANGES", "Side", "State"]

MOST_CHANGES = 24
"""Answers to the peer's requests, for one side of one option; sane peers need two or three."""


class State(Enum):
    """Where one side of an option is (RFC 1143 section 7)."""

    NO = "no"
    WANT_NO = "want no"
    WANT_YES = "want yes"
    YES = "yes"


@dataclass(slots=True)
class Side:
    """One side of one option.

    Args:
        yes: what we say to switch it on: WILL for our side, DO for the peer's.
        no: what we say to switch it off.
        allowed: whether we agree when the peer asks for it.

    Attributes:
        state: where it is.
        opposite: whether the opposite of what is under way was asked for meanwhile.
        answers: how often we have answered a request of the peer's.

    Example:
        >>> side = Side.ours(allowed=True)
        >>> side.heard(True) == WILL, side.on, side.heard(True)
        (True, True, None)
    """

    yes: int
    no: int
    allowed: bool = False
    state: State = State.NO
    opposite: bool = False
    answers: int = 0

    @classmethod
    def ours(cls, *, allowed: bool = False) -> Side:
        """What we do ourselves."""
        return cls(WILL, WONT, allowed)

    @classmethod
    def theirs(cls, *, allowed: bool = False) -> Side:
        """What the peer does."""
        return cls(DO, DONT, allowed)

    @property
    def on(self) -> bool:
        """Whether the option is in use on this side."""
        return self.state is State.YES

    def ask(self, wanted: bool) -> int | None:
        """We want it on or off: the verb to send now, or None."""
        if wanted:
            return self._ask(State.NO, State.WANT_NO, State.WANT_YES, self.yes)
        return self._ask(State.YES, State.WANT_YES, State.WANT_NO, self.no)

    def _ask(self, still: State, against: State, under_way: State, verb: int) -> int | None:
        if self.state is still:
            self.state = under_way
            return verb
        if self.state is against:
            self.opposite = True
        elif self.state is under_way:
            self.opposite = False
        return None

    def heard(self, positive: bool) -> int | None:
        """The peer has said it does (or that we shall), or not: the verb to answer, or None."""
        verb = self._heard_yes() if positive else self._heard_no()
        if verb is not None:
            self.answers += 1
            if self.answers > MOST_CHANGES:  # a peer that will not come to rest is left alone
                self.state, self.opposite = State.NO, False
                return None
        return verb

    def _heard_yes(self) -> int | None:
        if self.state is State.NO:
            if self.allowed and self.answers < MOST_CHANGES:
                self.state = State.YES
                return self.yes
            return self.no
        if self.state is State.WANT_NO:  # an error of the peer's: our "no" was answered by "yes"
            self.state = State.YES if self.opposite else State.NO
        elif self.state is State.WANT_YES:
            if self.opposite:
                self.state, self.opposite = State.WANT_NO, False
                return self.no
            self.state = State.YES
        self.opposite = False
        return None

    def _heard_no(self) -> int | None:
        if self.state is State.YES:
            self.state = State.NO
            return self.no
        if self.state is State.WANT_NO and self.opposite:
            self.state, self.opposite = State.WANT_YES, False
            return self.yes
        self.state, self.opposite = State.NO, False
        return None
