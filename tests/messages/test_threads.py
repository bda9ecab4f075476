"""Conversations: gold cases, every order alike, circles, subjects with care, time linear in size."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.messages import ThreadEntry, Threads, parse
from postel.messages.threads import base_subject, is_answer

DAY = datetime(2026, 11, 1, tzinfo=UTC)


def entry(key: str, refs: str = "", subject: str = "", day: float = 0, people: str = "a b",
          automated: bool = False) -> ThreadEntry[str]:
    return ThreadEntry(key, key.partition("#")[0], tuple(refs.split()), subject,
                       DAY + timedelta(days=day), frozenset(people.split()), automated)


def shape(threads: Threads[str]) -> list[str]:
    return [" ".join("." * row.depth + (row.entry.key if row.entry else "?") for row in one.rows)
            for one in threads.threads()]


def joined(*entries: ThreadEntry[str], **options: bool) -> list[str]:
    threads: Threads[str] = Threads(**options)
    threads.update(entries)
    return shape(threads)


def test_references_join() -> None:
    assert joined(entry("a"), entry("b", "a", day=1), entry("c", "a b", day=2),
                  entry("d", "a", day=3), entry("x", day=4)) == ["a .b ..c .d", "x"]


def test_a_missing_message_gives_its_place_away() -> None:
    assert joined(entry("b", "a"), entry("c", "a m", day=1)) == ["? .b .c"]
    assert joined(entry("c", "a m")) == ["c"]
    assert joined(entry("a"), entry("c", "a m", day=1), entry("d", "a m", day=2)) == ["a .c .d"]


def test_one_without_references_stands_where_others_put_it() -> None:
    assert joined(entry("a"), entry("b", day=1), entry("c", "a b", day=2)) == ["a .b ..c"]


def test_circles_are_cut_at_the_oldest() -> None:
    assert joined(entry("a", "c"), entry("b", "a", day=1), entry("c", "b", day=2)) == ["a .b ..c"]
    assert joined(entry("a", "a")) == ["a"]
    assert joined(entry("a", "x y x"), entry("b", "y x y", day=1)) == ["? .a .b"]


def test_the_same_identifier_twice_is_two_messages() -> None:
    assert joined(entry("a"), entry("a#2", day=1), entry("b", "a", day=2)) == ["a .b", "a#2"]


names = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(names, st.lists(names, max_size=4)), max_size=8,
                unique_by=lambda one: one[0]), st.randoms())
def test_order_does_not_matter(items: list[tuple[str, list[str]]], order: random.Random) -> None:
    entries = [entry(name, " ".join(refs), day=ord(name)) for name, refs in items]
    threads: Threads[str] = Threads()
    first = joined(*entries)
    order.shuffle(entries)
    for one in entries:
        threads.add(one)
        assert sum(len(thread.keys) for thread in threads.threads()) == len(threads)
    assert shape(threads) == first


def test_subjects_join_with_care() -> None:
    plan = entry("a", "", "plan")
    assert joined(plan, entry("b", "", "Re: plan", 3)) == ["a .b"]
    assert joined(plan, entry("b", "", "Re: plan", 3), by_subject=False) == ["a", "b"]
    assert joined(plan, entry("b", "", "plan", 3)) == ["a", "b"], "no answer"
    assert joined(plan, entry("b", "", "Re: plan", 31)) == ["a", "b"], "too late"
    assert joined(plan, entry("b", "", "Re: plan", 3, "c d")) == ["a", "b"], "strangers"
    assert joined(plan, entry("b", "z", "Re: plan", 3)) == ["a", "b"], "answers another"
    machine = [entry(str(n), "", "Re: build failed", n, automated=True) for n in range(3)]
    assert joined(*machine) == ["0", "1", "2"]
    assert joined(plan, entry("b", "", "Re: plan", 20), entry("c", "", "AW: plan", 45)) == [
        "a .b .c"]


@pytest.mark.parametrize(("subject", "base", "answer"), [
    ("Re: Fwd: [list] plan", "plan", True), ("[list] plan", "plan", False),
    ("Re[3]: plan (fwd)", "plan", True), ("AW: SV: Antw: plan", "plan", True),
    ("[only]", "[only]", False), ("re:", "", True), ("Refund: plan", "refund: plan", False),
    ("\u56de\u590d\uff1aplan", "plan", True), ("", "", False),
])
def test_base_subjects(subject: str, base: str, answer: bool) -> None:
    assert (base_subject(subject), is_answer(subject)) == (base, answer)


def test_entries_come_from_messages() -> None:
    made = ThreadEntry.of(1, parse(
        b"Message-ID: <b@x>\nIn-Reply-To: <a@x> <z@x>\nFrom: A <A@x.example>\nTo: g: b@x.example;\n"
        b"Subject: Re: hi\nAuto-Submitted: auto-generated\nDate: Sat, 21 Nov 2026 08:00:00 +0000\n\n"))
    assert made == ThreadEntry(1, "b@x", ("a@x",), "Re: hi", datetime(2026, 11, 21, 8, tzinfo=UTC),
                               frozenset({"a@x.example", "b@x.example"}), True)


def threaded(entries: list[ThreadEntry[str]]) -> None:
    threads: Threads[str] = Threads()
    threads.update(entries)
    assert sum(len(one.keys) for one in threads.threads()) == len(entries)


@pytest.mark.parametrize("refs", [
    lambda n: f"{n - 1}",                                   # a chain
    lambda n: "0",                                          # a star
    lambda n: " ".join(str(k) for k in range(max(0, n - 20), n)),
    lambda n: f"{n + 1}",                                   # told from behind
    lambda n: f"missing{n} missing{n + 1}",
], ids=["chain", "star", "window", "backwards", "missing"])
def test_time_is_linear(refs: Callable[[int], str], linear: Callable[..., None]) -> None:
    linear(lambda size: threaded([entry(str(n), refs(n), "Re: plan", n / 9999)
                                  for n in range(size)]), 800)
