# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""Asking resolvers: by datagrams, by TCP where the answer is long, the next one where one fails.

Each question has a socket, a port and a number of its own, and an answer counts only if it comes
from where the question went, with the same number, name and type (RFC 5452 section 9). Answers are
kept for as long as they say.

Whether DNSSEC proved an answer is for the resolver to say (AD). That is believed of a resolver on
this machine, of one that /etc/resolv.conf trusts (``options trust-ad``), and where ``trusted=True``
says so; else anybody on the way could have set the bit, and `Answer.validated` is False.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Self, TypeVar

from ..errors import NetworkError, PostelError, ProtocolError, ResolveError, TimedOut, UsageError
from ..messages.questions import Asking, Found
from ..timing import Deadline
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.datagram_sync import Datagrams, addresses_of
from ..transport.names import HOSTS, Address
from ..transport.trace import Trace, trace_for
from ..urls import is_local
from . import wire
from .system import Settings, system_settings
from .types import MX, PORT, SRV, TLSA, Answer

__all__ = ["Client"]

T = TypeVar("T")

MOST_KEPT = 1_000
"""Answers that are kept; then the oldest is forgotten."""


class Client:
    """Asks the DNS.

    Args:
        resolvers: host, ``host:port`` or several of them; None asks whom the system asks.
        port: of those that do not say.
        timeout: seconds for one question, all tries included.
        tries: how often each resolver is asked.
        patience: seconds until a datagram is sent again; twice as many the next time.
        trusted: whether the resolvers' word about DNSSEC is believed; None: as far as it is safe.
        source_address: local address to send from.
        trace: a `Trace`, an open text file or a path that questions and answers go to.

    Example:
        >>> with Client() as names:
        ...     for mx in names.mx("example.org"): print(mx)
        10 mail.example.org
    """

    def __init__(
        self,
        resolvers: str | Sequence[str] | None = None,
        *,
        port: int = PORT,
        timeout: float = 10.0,
        tries: int = 2,
        patience: float = 2.0,
        trusted: bool | None = None,
        source_address: str | None = None,
        trace: Trace | str | None = None,
    ) -> None:
        wanted = [resolvers] if isinstance(resolvers, str) else resolvers
        self.timeout, self.tries, self.patience = timeout, max(1, tries), patience
        self.source_address = source_address
        self.trace = trace_for(trace)
        self._trusted = trusted
        self._settings: Settings | None = None
        if wanted is not None:
            self._settings = Settings(tuple(wire.resolver_at(one, port) for one in wanted))
            if not wanted:
                raise UsageError("resolvers: there is none", hint="None asks the system's")
        self._own = wanted is not None
        self._kept: dict[tuple[str, str], tuple[float, Answer[Any]]] = {}

    def open(self) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Forget the answers; may be called twice."""
        self._kept.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- questions by type ---------------------------------------------------------------------

    def a(self, host: str) -> Answer[str]:
        """The IPv4 addresses of *host*."""
        return self.query(host, "A")

    def aaaa(self, host: str) -> Answer[str]:
        """The IPv6 addresses of *host*."""
        return self.query(host, "AAAA")

    def mx(self, domain: str) -> Answer[MX]:
        """Who takes mail for *domain*, in order of preference."""
        return self.query(domain, "MX")

    def ptr(self, address: str) -> Answer[str]:
        """The names of an IP address."""
        return self.query(wire.reverse(address), "PTR")

    def srv(self, name: str) -> Answer[SRV]:
        """Where a service is, such as ``_imaps._tcp.example.org``, in order of priority."""
        return self.query(name, "SRV")

    def tlsa(self, host: str, port: int = 25) -> Answer[TLSA]:
        """Which certificates the TCP service at *host* and *port* has (RFC 6698 section 3)."""
        return self.query(f"_{port}._tcp.{host}", "TLSA")

    def txt(self, name: str) -> Answer[str]:
        """The texts of *name*; the strings of each are joined."""
        return self.query(name, "TXT")

    def query(self, name: str, kind: str) -> Answer[Any]:
        """The records of *name*.

        Args:
            name: a domain name; one beyond ASCII is encoded (IDNA).
            kind: ``"A"``, ``"AAAA"``, ``"CNAME"``, ``"MX"``, ``"NS"``, ``"PTR"``, ``"SRV"``,
                ``"TLSA"`` or ``"TXT"``.

        Returns:
            An `Answer`; it may have no records, and its name may not exist.

        Raises:
            ResolveError: no resolver could say; `code` is the last one's response code.
            TimedOut: none answered in time.
            UsageError: that is no name, or no kind.
        """
        name, kind = wire.name_of(name), kind.upper()
        key = name.lower(), kind
        moment = now()
        if (found := self._kept.get(key)) is not None and found[0] > moment:
            return found[1]
        answer = self._resolve(name, kind, Deadline.after(self.timeout, now=moment))
        self._kept.pop(key, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = moment + answer.ttl, answer
        return answer

    def drive(self, asking: Asking[T]) -> T:
        """Answer what *asking* wants to know, and return what it comes to.

        Args:
            asking: a dialogue such as `postel.messages.dkim.verify` begins. A question without an
                answer does not end it: it is told so.
        """
        try:
            question = next(asking)
            while True:
                question = asking.send(self._found(question.name, question.kind))
        except StopIteration as end:
            result: T = end.value
            return result

    def _found(self, name: str, kind: str) -> Found:
        try:
            answer = (self.ptr(name) if kind == "PTR" else self.query(name, kind))
        except UsageError:
            return Found(exists=False)  # no such name can exist
        except PostelError as error:
            return Found(failed=str(error))
        texts = tuple(one.host if isinstance(one, MX) else str(one) for one in answer)
        return Found(texts, answer.exists, answer.validated)

    # -- whom to ask ---------------------------------------------------------------------------

    def _resolvers(self, name: str) -> Settings:
        """Our own for *name*, or those of this process' own zones, or the system's."""
        if not self._own and (served := HOSTS.nameserver(name)) is not None:
            return Settings((served,))
        if self._settings is None:
            self._settings = system_settings()
        return self._settings

    def _resolve(self, name: str, kind: str, deadline: Deadline) -> Answer[Any]:
        settings = self._resolvers(name)
        failure: PostelError | None = None
        for attempt in range(self.tries):
            for host, port in settings.resolvers:
                patience = Deadline.after(self.patience * 2**attempt, now=now()).sooner(deadline)
                try:
                    return self._ask(host, port, settings, name, kind, patience, deadline)
                except (ResolveError, ProtocolError, NetworkError) as error:
                    failure = _worse(failure, error)
                if deadline.expired(now=now()):
                    break
        raise failure or ResolveError(f"look up {kind} {name}: nobody was asked")

    def _ask(
        self, host: str, port: int, settings: Settings, name: str, kind: str,
        patience: Deadline, deadline: Deadline,
    ) -> Answer[Any]:
        where = f"{host} port {port}"
        address = (addresses_of(host, port, deadline=deadline))[0]
        response = self._exchange(address, name, kind, patience, deadline)
        if response.rcode not in (0, 3):
            raise self._refusal(response.rcode, address, name, kind, deadline)
        trusted = self._trusted
        if trusted is None:
            trusted = settings.trusted or is_local(str(address.sockaddr[0]))
        return Answer(name, kind, response.records, response.rcode == 0,
                      response.authenticated and trusted, response.ttl,
                      response.canonical, where)

    def _refusal(
        self, rcode: int, address: Address, name: str, kind: str, deadline: Deadline
    ) -> ResolveError:
        """The error for a response code; SERVFAIL is asked again without DNSSEC, to tell why."""
        what = wire.RCODES.get(rcode, f"response code {rcode}")
        hint = "ask another resolver" if rcode != 2 else "its name servers may be down: try later"
        if rcode == 2:
            patience = Deadline.after(self.patience, now=now()).sooner(deadline)
            try:
                again = self._exchange(address, name, kind, patience, deadline, checked=False)
            except (ProtocolError, NetworkError):
                again = wire.Response(rcode)
            if again.rcode in (0, 3):
                what = "its DNSSEC signatures do not verify (SERVFAIL)"
                hint = "the zone is signed wrongly, or somebody forges it: do not believe it"
        return ResolveError(f"look up {kind} {name}: {address} says: {what}", code=rcode, hint=hint)

    # -- one question --------------------------------------------------------------------------

    def _exchange(
        self, address: Address, name: str, kind: str, patience: Deadline, deadline: Deadline,
        *, checked: bool = True,
    ) -> wire.Response:
        number = secrets.randbelow(65_536)
        question = wire.ask(name, kind, number, checked=checked)
        self.trace.client(f"{kind} {name} to {address}")
        response = self._by_datagram(address, question, name, kind, number, patience)
        if response.truncated:
            self.trace.note("the answer is too long for a datagram: TCP")
            response = self._by_tcp(address, question, name, kind, number, deadline)
        self.trace.server(_shown(response))
        return response

    def _by_datagram(
        self, address: Address, question: bytes, name: str, kind: str, number: int,
        patience: Deadline,
    ) -> wire.Response:
        datagrams = Datagrams(address, self.source_address)
        try:
            datagrams.send(question, address.sockaddr)
            while (left := patience.remaining(now=now())) is None or left > 0:
                for data, source in datagrams.receive(left):
                    if source[:2] != address.sockaddr[:2]:
                        continue
                    try:
                        response = wire.parse(data, name, kind, number)
                    except ProtocolError:
                        continue  # noise, or a forger's guess: the real one may follow
                    if response is not None:
                        return response
        finally:
            datagrams.close_now()
        raise TimedOut(f"look up {kind} {name}: {address} does not answer",
                       hint="is the resolver up, and may this machine ask it?")

    def _by_tcp(
        self, address: Address, question: bytes, name: str, kind: str, number: int,
        deadline: Deadline,
    ) -> wire.Response:
        host, port = address.sockaddr[:2]
        connector = Connector(source_address=self.source_address)
        with connector.connect(host, port, deadline=deadline) as stream:
            stream.deadline = deadline
            stream.send(len(question).to_bytes(2, "big") + question)
            buffer = b""
            while len(buffer) < 2 or len(buffer) < 2 + int.from_bytes(buffer[:2], "big"):
                data = stream.receive()
                if not data:
                    raise ProtocolError(f"look up {kind} {name}: {address} hung up")
                buffer += data
        response = wire.parse(buffer[2:], name, kind, number)
        if response is None:
            raise ProtocolError(f"look up {kind} {name}: {address} answered another question")
        if response.truncated:
            raise ProtocolError(f"look up {kind} {name}: {address} cut its answer short over TCP")
        return response


def _worse(first: PostelError | None, second: PostelError) -> PostelError:
    """Of two failures the one that says more: a resolver's word, before silence."""
    return first if isinstance(first, ResolveError) else second


def _shown(response: wire.Response) -> bytes:
    what = "; ".join(map(str, response.records)) if response.records else wire.RCODES.get(
        response.rcode, f"response code {response.rcode}")
    proved = " (validated)" if response.authenticated else ""
    return f"{what}{proved}\r\n".encode("utf-8", "surrogateescape")
