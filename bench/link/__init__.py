"""A path with a round-trip time between two network namespaces.

Servers run in one namespace, clients in the other; between them lie two TUN devices and `delay.c`,
which holds each packet for half the round-trip time. It works on kernels without netem, and TCP on
both ends is the kernel's own. Needs root and /dev/net/tun.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.build import Unavailable, compiled

__all__ = ["CLIENT", "SERVER", "Link", "open_link"]

CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
_SPACES = Path("/run/netns")
_PREFIX = "postelbench"
_CUBIC = "net.ipv4.tcp_congestion_control=cubic"  # the usual one, if the host allows it

_PROBE = """
import socket, sys, time
best = 9.0
for _ in range(5):
    begun = time.perf_counter()
    with socket.socket() as one:
        one.connect_ex((sys.argv[1], 9))      # nobody listens: the refusal is one round trip
    best = min(best, time.perf_counter() - begun)
print(best * 1000)
"""


class Link:
    """Two namespaces and the wire between them.

    Args:
        client: the namespace for clients.
        server: the namespace for servers; they listen on `SERVER`.
        milliseconds: the round trip as measured by a TCP connect.
        congestion: the congestion control in use.
    """

    def __init__(self, client: str, server: str) -> None:
        self.client, self.server = client, server
        self.milliseconds, self.congestion = 0.0, ""

    def measure(self) -> None:
        """Set `milliseconds` by what a refused connect takes, and `congestion`."""
        inside = ("ip", "netns", "exec", self.client)
        self.milliseconds = float(_call(*inside, sys.executable, "-c", _PROBE, SERVER))
        self.congestion = _call(*inside, "sysctl", "-n", _CUBIC.partition("=")[0]).strip()


@contextlib.contextmanager
def open_link(milliseconds: int) -> Iterator[Link]:
    """A link with this round-trip time; gone again at the end.

    Raises:
        Unavailable: not root, no TUN device, no iproute2.
    """
    if os.geteuid() or not Path("/dev/net/tun").exists():
        raise Unavailable("a link with delay needs root and /dev/net/tun")
    program = compiled("link/delay.c")
    _sweep()
    link = Link(f"{_PREFIX}-c-{os.getpid()}", f"{_PREFIX}-s-{os.getpid()}")
    with contextlib.ExitStack() as stack:
        for space in (link.client, link.server):
            _call("ip", "netns", "add", space)
            stack.callback(_call, "ip", "netns", "delete", space)
        wire = subprocess.Popen(
            [str(program), link.client, link.server, str(milliseconds * 500)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        stack.callback(_end, wire)
        if not wire.stdout or wire.stdout.readline() != "ready\n":
            raise Unavailable(wire.stderr.read().strip() if wire.stderr else "no wire")
        _configure(link.client, CLIENT)
        _configure(link.server, SERVER)
        link.measure()
        yield link


def _configure(space: str, address: str) -> None:
    for words in (
        f"addr add {address}/24 dev wire",
        "link set wire mtu 1500 txqueuelen 10000 up",
        "link set lo up",
    ):
        _call("ip", "-n", space, *words.split())
    with contextlib.suppress(Unavailable):  # some hosts allow no choice; the report says which
        _call("ip", "netns", "exec", space, "sysctl", "-q", "-w", _CUBIC)


def _sweep() -> None:
    """Remove namespaces of runs that were killed."""
    for left in _SPACES.glob(f"{_PREFIX}-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            _call("ip", "netns", "delete", left.name)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _call(*command: str) -> str:
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{' '.join(command)}: {error.stderr.strip()}") from error
    return done.stdout
