"""Start and stop a whole local Internet: authority, names, users, servers.

The servers run in an event loop of their own, in a thread, for sync and async users alike: code
under test that blocks its loop does not stop the servers it talks to.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UsageError
from ..serving.server import Users, Watcher
from ..transport.names import HOSTS
from ..transport.tls import TLSOptions
from .certificates import Authority
from .dns_service import DNSService
from .faults import LabRelay, make_relay, silent_port
from .post_office import PostOffice
from .service import Service
from .services import SERVICES

__all__ = ["PASSWORD", "USERS", "Lab", "start"]

T = TypeVar("T")

USERS = ("alice", "bob", "carol")
PASSWORD = "secret"  # noqa: S105 - the lab has no secrets
_numbers = itertools.count(1)


def start(
    *services: str,
    root: Path | str | None = None,
    watcher: Watcher | None = None,
) -> Lab:
    """A lab with the named services, or with all of them.

    Args:
        services: ``"ftp"``, ``"pop3"``; none means all.
        root: a folder that the file servers serve, read-only; by default they serve memory.
        watcher: told of traffic: the server's name, who spoke ("C", "S", "*"), the redacted text.

    Returns:
        A `Lab`, for ``with`` or ``async with``.

    Raises:
        UsageError: an unknown service, or the extra ``lab`` is not installed.

    Example:
        >>> from postel import lab, pop3
        >>> with lab.start("pop3") as here:
        ...     with pop3.Client(here.url("pop3"), password="secret") as box:
        ...         box.stat().messages
        0
    """
    unknown = set(services) - set(SERVICES)
    if unknown:
        raise UsageError(
            f"the lab has no service {', '.join(sorted(unknown))}",
            hint=f"there are {', '.join(SERVICES)}",
        )
    return Lab(services or tuple(SERVICES), root=root, watcher=watcher)


class Lab:
    """A local Internet, for as long as its block lasts.

    Attributes:
        domain: what its names end in: ``lab.test``, or ``lab2.test`` for a second one beside it.
        ca: file of its authority, for programs that are not Postel.
        tls: options that trust it.
        mail: the post office: what its mail servers have taken, and the mailboxes.
    """

    def __init__(
        self, services: Iterable[str], *, root: Path | str | None, watcher: Watcher | None
    ) -> None:
        self._wanted = tuple(services)
        self._root = None if root is None else Path(root)
        self._watcher = watcher
        self._services: dict[str, Service] = {}
        self._names: list[str] = []
        self._extras = contextlib.ExitStack()
        self._relays = itertools.count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.users = Users(dict.fromkeys(USERS, PASSWORD))
        self.domain = ""
        self.mail = PostOffice(USERS)

    # -- start and stop --------------------------------------------------------------------

    def __enter__(self) -> Lab:
        number = next(_numbers)
        self.domain = "lab.test" if HOSTS.find("lab.test", 0) is None else f"lab{number}.test"
        self.mail = PostOffice(USERS, self.domain)
        self.folder = Path(tempfile.mkdtemp(prefix="postel-lab-"))
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    async def __aenter__(self) -> Lab:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self._close)

    def _open(self) -> None:
        hosts = [f"{name}.{self.domain}" for name in self._wanted]
        self.authority = Authority(
            self.folder, (self.domain, f"*.{self.domain}", "localhost", "example.org",
                          "*.example.org", "127.0.0.1", "::1"))
        self.ca = self.authority.file
        self.tls = TLSOptions(ca=self.ca)
        self._add_name(self.domain, {})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)
        self._thread.start()
        for name, host in zip(self._wanted, hosts, strict=True):
            service = SERVICES[name](self.users, self.authority, self._root, self._watcher)
            self._services[name] = service
            service.join(self.mail)
            self.run(service.start())
            self._add_name(host, service.ports(), keys=service.host_keys)
        if isinstance(names := self._services.get("dns"), DNSService):
            names.zone(self.domain)
            if "smtp" in self._services:
                names.add(self.domain, "MX", f"10 smtp.{self.domain}")
            for host in self._names:
                names.know(host)

    def _add_name(
        self, host: str, ports: dict[int, int], addresses: tuple[str, ...] = ("127.0.0.1",),
        keys: Path | None = None,
    ) -> None:
        HOSTS.add(host, addresses, ports, str(self.ca), None if keys is None else str(keys))
        self._names.append(host)
        if isinstance(names := self._services.get("dns"), DNSService):
            names.know(host, addresses)

    def _close(self) -> None:
        for name in self._names:
            HOSTS.remove(name)
        self._names.clear()
        if self._loop is not None and self._thread is not None:
            self._extras.close()
            for service in self._services.values():
                self.run(service.stop())
            self.run(_end_tasks())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None
        self._services.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* in the lab's own loop and wait for it."""
        if self._loop is None:
            work.close()
            raise _not_running()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # -- what is there ---------------------------------------------------------------------

    @property
    def services(self) -> dict[str, Service]:
        """The running services by name."""
        return dict(self._services)

    def __getattr__(self, name: str) -> Any:
        services: dict[str, Service] = self.__dict__.get("_services", {})
        if name in services:
            return services[name]
        if name in SERVICES:
            raise AttributeError(f"this lab was started without {name}")
        raise AttributeError(name)

    def url(
        self, scheme: str, *, user: str | None = None, path: str = "/", host: str | None = None
    ) -> str:
        """The URL of a service, by its name below `domain`.

        Args:
            scheme: ``"pop3"``, ``"pop3s"``, ``"ftp"``, ``"ftps"`` …
            user: log in as; by default alice where one must log in, else nobody.
            path: what follows the host.
            host: another name that leads to it.
        """
        service = self.service(scheme)
        user = user or service.default_user
        login = f"{user}@" if user else ""
        port = f":{service.url_port}" if service.url_port else ""
        name = self._name(scheme)
        shown = service.scheme + scheme[len(name):] if service.scheme else scheme
        return f"{shown}://{login}{host or f'{name}.{self.domain}'}{port}{path}"

    def _name(self, scheme: str) -> str:
        return scheme if scheme in self._services else scheme.removesuffix("s")

    def service(self, scheme: str) -> Service:
        """The service that *scheme* is one of the URLs of.

        Raises:
            UsageError: this lab was started without it.
        """
        try:
            return self._services[self._name(scheme)]
        except KeyError:
            if self._loop is None:
                raise _not_running() from None
            raise UsageError(f"this lab was started without {scheme}") from None

    def address(self, scheme: str) -> tuple[str, int]:
        """Where a service really listens: for programs that do not know the lab's names."""
        service = self.service(scheme)
        return "127.0.0.1", service.tls_port if self._name(scheme) != scheme else service.port

    # -- trouble ---------------------------------------------------------------------------

    def relay(
        self,
        scheme: str,
        *,
        ftp: bool = False,
        refuse: bool = False,
        tls: str | None = None,
        **faults: Any,
    ) -> LabRelay:
        """A relay in front of a service, which does harm on the way.

        Args:
            scheme: which server: ``"ftp"``, ``"pop3s"`` …
            ftp: the harm is done to FTP's data connections (in clear text).
            refuse: every connection is refused.
            tls: one of `postel.lab.faults.RELAY_TLS`.
            faults: those of `postel.serving.relay.ByteFaults`: ``cut_after=1000`` …

        Returns:
            A block in which ``relay.url()`` leads through it.

        Raises:
            UsageError: there is no such service or fault.

        Example:
            >>> from postel import lab
            >>> with lab.start("pop3") as here, here.relay("pop3", cut_after=10) as relay:
            ...     relay.url()
            'pop3://alice@relay1.lab...test/'
        """
        host = f"relay{next(self._relays)}.{self.domain}"
        return make_relay(self, scheme, host, ftp=ftp, refuse=refuse, tls=tls, **faults)

    def dead_family(self, scheme: str, *, silent: bool = False) -> str:
        """A host name that leads to *scheme*'s server by IPv4, and to nothing by IPv6.

        Args:
            scheme: which server.
            silent: the IPv6 address swallows what knocks, instead of refusing it.
        """
        host = f"halfdead{next(self._relays)}.{self.domain}"
        port = self.address(scheme)[1]
        if silent:
            self._extras.enter_context(silent_port(port))
        service = self.service(scheme)
        self._add_name(host, service.ports(), ("::1", "127.0.0.1"), service.host_keys)
        return host

    def lead(self, host: str, scheme: str, port: int) -> None:
        """Let *host*, at the well-known port of *scheme*, lead to *port* of this machine."""
        clear, tls = self.service(scheme).well_known
        self._add_name(host, {clear if self._name(scheme) == scheme else tls: port},
                       keys=self.service(scheme).host_keys)

    def forget(self, host: str) -> None:
        """Know *host* no more."""
        HOSTS.remove(host)
        if host in self._names:
            self._names.remove(host)

    @property
    def hosts(self) -> list[str]:
        """The names that this lab has added."""
        return list(self._names)

    def also_known_as(self, host: str, service: str) -> None:
        """Let *host* lead to *service* while the lab runs; for examples and tests."""
        found = self._services[service]
        self._add_name(host, found.ports(), keys=found.host_keys)


def _not_running() -> UsageError:
    return UsageError("the lab is not running", hint="use it in a with block")


async def _end_tasks() -> None:
    """Cancel what is left in the lab's loop, and give transports a turn to close."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0)
