"""The lab's news server: POST, IHAVE and streaming. Service code."""

from __future__ import annotations

from .server_access import may_post
from .server_session import Answer, Session
from .spool import Refused
from .wire import Request

__all__ = ["VERBS"]


async def post(session: Session, request: Request) -> None:
    """POST."""
    if not may_post(session):
        raise Answer("480 log in to post" if session.server.options.posting == "users"
                     else "440 no posting here")
    session.say("340 go on")
    data = await session.article()
    try:
        name = session.server.spool.add(data, posted=True)
    except Refused as reason:
        raise Answer(f"441 {str(reason).removeprefix('435 ')}") from None
    session.say(f"240 {name} is posted")


async def ihave(session: Session, request: Request) -> None:
    """IHAVE."""
    _check_feeding(session)
    if request.rest in session.server.spool.articles:
        raise Answer("435 it is here already")
    session.say("335 go on")
    data = await session.article()
    try:
        session.server.spool.add(data)
    except Refused as reason:
        raise Answer(f"437 {str(reason).removeprefix('435 ')}") from None
    session.say("235 thank you")


def check(session: Session, request: Request) -> None:
    """CHECK."""
    _check_feeding(session)
    here = request.rest in session.server.spool.articles
    session.say(f"{438 if here else 238} {request.rest}")


async def takethis(session: Session, request: Request) -> None:
    """TAKETHIS: the article follows in any case."""
    data = await session.article()
    _check_feeding(session)
    try:
        session.server.spool.add(data)
    except Refused as reason:
        raise Answer(f"439 {request.rest} {str(reason).removeprefix('435 ')}") from None
    session.say(f"239 {request.rest}")


def _check_feeding(session: Session) -> None:
    if not session.server.options.feeding:
        raise Answer("500 what?")


VERBS = {"CHECK": check, "IHAVE": ihave, "POST": post, "TAKETHIS": takethis}
