"""The tour's row of news: a group mirrored twice, a thread shown, a post."""

from __future__ import annotations

from ..lab import Lab, start
from ..messages import Message
from ..news.mirror_sync import mirror
from ..news.sqlite_box import SQLiteBox
from ..nntp.client_sync import Client
from ..nntp.posting import answer
from ..wire.text import display
from .news_read import threaded
from .tour_rows import Ground, Result, check

__all__ = ["ROWS"]

_GROUP = "misc.test"
_THREADS = 60


def group(ground: Ground) -> Result:
    """A group mirrored, and again; a question posted and answered; its thread shown."""
    with start("nntp") as lab:
        _fill(lab)
        source, copy = lab.url("nntps", path=f"/{_GROUP}"), f"sqlite:{ground.folder / 'news.db'}"
        (first,) = mirror(source, copy)
        (again,) = mirror(source, copy)
        check(first.fetched == first.found == 2 * _THREADS, f"{first.fetched} articles came")
        check(again.found == again.fetched == 0, "the second run fetched something again")
        told = [f"{first.fetched} articles; the second run fetched nothing"]
        with Client(lab.url("nntps", user="alice"), password="secret") as news:  # noqa: S106
            told += _posted(news)
        (last,) = mirror(source, copy)
        check(last.fetched == 2, f"the third run fetched {last.fetched}")
        ours = _kept(ground)
        theirs = sorted(one.data for one in lab.nntp.spool.articles.values())
        check(ours == theirs, "what is here is not what the server has")
    return Result(len(ours), sum(map(len, ours)), "bytes, each once", told)


def _fill(lab: Lab) -> None:
    """Questions, each with an answer."""
    for number in range(_THREADS):
        name = lab.nntp.spool.put(_GROUP, subject=f"Question {number}",
                                  body="Grüße — привет — 你好\n.\n..two dots\n")
        lab.nntp.spool.put(_GROUP, subject=f"Re: Question {number}", author="bob@lab.test",
                           references=name, body="> Grüße\n\nYes.\n")


def _posted(news: Client) -> list[str]:
    """Post a question and an answer; the thread as it is read from the server."""
    before = news.group(_GROUP).last
    asked = news.article(news.post(
        Message(from_="Alice <alice@lab.test>", subject="Куда, 往哪里?",
                text="How do I post?\n.\n"), groups=_GROUP))
    check(asked.message.text == "How do I post?\n.\n", "the article is another")
    news.post(answer(asked.message, from_="Bob <bob@lab.test>", text="Like this."))
    rows = threaded(list(news.over(before + 1, news.group(_GROUP).last)))
    check([depth for _, depth in rows] == [0, 1], f"the thread has {len(rows)} articles")
    return [f"{row.number}  {display(row.from_.mailboxes[0].name):6}  "
            f"{'  ' * depth}{display(row.subject)}" for row, depth in rows]


def _kept(ground: Ground) -> list[bytes]:
    with SQLiteBox(ground.folder / "news.db") as box:
        return sorted(one.read() for one in box)


ROWS = (("News: mirrored, posted, threaded", group),)
"""Title and function of each row."""
