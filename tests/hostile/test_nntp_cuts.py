"""A news session cut at every byte, said one byte at a time, injected into, cancelled anywhere.

Whatever happens: a documented error within the deadline, or a result that is true.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nntp_peer import NNTPPeer, row

from postel import lab, nntp
from postel.errors import PostelError

TEXT = b"Subject: x\r\n\r\n.dot\r\n..\r\n.\r\nend\r\n"
STUFFED = b"Subject: x\r\n\r\n..dot\r\n...\r\n..\r\nend\r\n.\r\n"
POST = b"From: a@b.example\r\nNewsgroups: g\r\nSubject: s\r\nMessage-ID: <p@x>\r\n\r\nx\r\n"


def peer(**keywords: Any) -> NNTPPeer:
    def post(line: Any, _: str) -> bytes:
        line.say(b"340 go\r\n")
        while line.hear() != b".":
            pass
        return b"240 thanks\r\n"

    return NNTPPeer({
        "OVER": b"224 x\r\n" + b"\r\n".join(row(n) for n in (1, 2, 3)) + b"\r\n.\r\n", "POST": post,
        "ARTICLE": lambda line, n: b"220 %b <a@x>\r\n%b" % (n.encode(), STUFFED),
        "LIST ACTIVE": b"215 x\r\na.b 9 1 y\r\nc.d 9 1 n\r\n.\r\n"}, **keywords)


def session(server: NNTPPeer, done: dict[str, Any], timeout: float = 3) -> None:
    with nntp.Client("127.0.0.1", port=server.port, user="ann", password="pw",
                     timeout=timeout) as news:
        done["group"] = news.group("g").last
        done["rows"] = [one.number for one in news.over(1, 3)]
        done["names"] = [one.name for one in news.list()]
        done["articles"] = [one.data for one in news.articles(range(1, 4))]
        with news.article_stream(1) as body:
            done["stream"] = b"".join(body)
        done["posted"] = news.post(POST)


TRUE = {"group": 3, "rows": [1, 2, 3], "names": ["a.b", "c.d"], "articles": [TEXT] * 3,
        "stream": TEXT, "posted": "<p@x>"}


@pytest.mark.slow
def test_cut_at_every_byte() -> None:
    done: dict[str, Any] = {}
    with peer() as whole:
        session(whole, done)
    assert done == TRUE
    goodbye = len(whole.said) - len(b"205 bye\r\n")
    for size in range(1, goodbye - 2):
        done = {}
        server = peer()
        server.budget = size
        with server, pytest.raises(PostelError):
            session(server, done)
        assert done.items() <= TRUE.items(), done


def test_one_byte_at_a_time() -> None:
    done: dict[str, Any] = {}
    with peer(slice=1) as server:
        session(server, done)
    assert done == TRUE


@pytest.mark.slow
@pytest.mark.parametrize("junk", [b"\r\n", b"200 hi\r\n", b"\0", b"500 x\r\n", b".\r\n", b"400 bye\r\n",
                                  b"224 x\r\n"])
def test_injected_at_every_boundary(junk: bytes) -> None:
    for nth in range(12):
        count = [0]

        def inject(answer: Any, nth: int = nth, count: list[int] = count) -> Any:
            def say(line: Any, rest: str) -> Any:
                count[0] += 1
                if count[0] == nth:
                    line.say(junk)
                return answer(line, rest) if callable(answer) else answer
            return say

        server = peer()
        server.answers = {verb: inject(answer) for verb, answer in server.answers.items()}
        with server:
            done: dict[str, Any] = {}
            try:
                session(server, done, timeout=0.3)
            except PostelError:
                pass
        assert done.get("articles", []) in ([], TRUE["articles"])  # never another's


async def read(news: nntp.AsyncClient) -> None:
    group = await news.group("misc.test")
    assert [one.number async for one in news.over(1, 40)] == [*range(1, 41)]
    assert [one.number async for one in news.articles(group)] == [*range(1, 41)]
    assert [one.name async for one in news.list()] == ["misc.test"]
    assert (await news.article(3)).message.subject == "Article 3"


def test_cancelled_anywhere() -> None:
    """After each wait in turn; then the same connection, or a new one, tells the truth."""
    with lab.start("nntp") as here:
        for number in range(1, 41):
            here.nntp.spool.put("misc.test", subject=f"Article {number}", body="text\n" * 900)

        async def stopped(turns: int) -> bool:
            news = nntp.AsyncClient(here.url("nntp"), timeout=10)
            await news.open()
            task = asyncio.create_task(read(news))
            for _ in range(turns):
                await asyncio.sleep(0)
            finished = task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not news.is_open:
                await news.aclose()
                await news.open()
            await read(news)
            await news.aclose()
            return finished

        async def all_of_them() -> None:
            for turns in (0, 1, 2, 3, 5, 8, 13, 21, 40, 80, 160, 320, 640, 1280):
                await stopped(turns)

        asyncio.run(all_of_them())
