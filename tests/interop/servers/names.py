"""BIND as the authority of a signed, an unsigned and a forged zone; unbound as a validating resolver."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .find import program
from .ground import Ground
from .process import ENVIRONMENT, Daemon, free_ports, wait_for_ports

__all__ = ["ZONE", "Names", "run_names"]

ZONE = r"""$TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 300
@ IN NS ns
@ IN A 192.0.2.1
@ IN AAAA 2001:db8::1
@ IN MX 20 mx2
@ IN MX 10 mx
@ IN TXT "v=spf1 mx ip4:192.0.2.0/28 include:_spf.%{d} -all"
@ IN TXT "two " "strings, \"quoted\" and \195\188"
_spf IN TXT "v=spf1 ip6:2001:db8::/32 -all"
ns IN A 127.0.0.1
mx IN A 192.0.2.11
mx IN AAAA 2001:db8::11
mx2 IN A 192.0.2.12
www IN CNAME alias
alias IN CNAME @
loop1 IN CNAME loop2
loop2 IN CNAME loop1
sub IN DNAME unsigned.test.
*.wild IN TXT "from the wildcard"
null IN MX 0 .
_imaps._tcp IN SRV 0 1 993 mx
_sip._tcp IN SRV 0 0 0 .
_25._tcp.mx IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_dmarc IN TXT "v=DMARC1; p=reject"
""" + "".join(f'big IN TXT "{n:03} {"x" * 60}"\n' for n in range(60))

_PTR = """$TTL 300
@ IN SOA ns.signed.test. hostmaster.signed.test. 1 3600 600 86400 300
@ IN NS ns.signed.test.
11 IN PTR mx.signed.test.
"""

_BIND = """options {{
  directory "{room}"; pid-file none; session-keyfile none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; allow-query {{ any; }}; notify no; minimal-responses no;
  dnssec-validation no; empty-zones-enable no; edns-udp-size 1232; max-udp-size 1232;
}};
controls {{ }};
zone "signed.test" {{ type primary; file "signed.test.signed"; }};
zone "unsigned.test" {{ type primary; file "unsigned.test"; }};
zone "forged.test" {{ type primary; file "forged.test.signed"; }};
zone "2.0.192.in-addr.arpa" {{ type primary; file "ptr"; }};
"""

_UNBOUND = """server:
  chroot: ""
  directory: "{room}"
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1@{port}
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  module-config: "validator iterator"
  local-zone: "test." nodefault
  local-zone: "2.0.192.in-addr.arpa." nodefault
  domain-insecure: "unsigned.test"
  domain-insecure: "2.0.192.in-addr.arpa"
  edns-buffer-size: 1232
  num-threads: 1
  outgoing-range: 512
"""


@dataclass
class Names:
    """Both servers; `resolver` validates, `authority` does not."""

    authority: str
    resolver: str
    daemons: tuple[Daemon, Daemon]
    name: str = "BIND and unbound"

    def log(self) -> str:
        """What they printed so far."""
        return "".join(daemon.log() for daemon in self.daemons)


@contextmanager
def run_names(ground: Ground) -> Iterator[Names]:
    """Start both."""
    named, unbound = program("named", "bind9"), program("unbound")
    keygen, signer = program("dnssec-keygen", "bind9-utils"), program("dnssec-signzone", "bind9-utils")
    room = ground.room("names")
    anchors = "".join(_signed(room, zone, keygen, signer) for zone in ("signed.test", "forged.test"))
    forged = room / "forged.test.signed"
    forged.write_text(forged.read_text().replace("192.0.2.11", "192.0.2.66"))
    (room / "unsigned.test").write_text(ZONE)
    (room / "ptr").write_text(_PTR)
    ports = free_ports(2)
    (room / "named.conf").write_text(_BIND.format(room=room, port=ports[0]))
    stubs = "".join(f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{ports[0]}\n' for zone in (
        "signed.test", "unsigned.test", "forged.test", "2.0.192.in-addr.arpa"))
    (room / "unbound.conf").write_text(_UNBOUND.format(room=room, port=ports[1]) + anchors + stubs)
    bind = Daemon("bind", [named, "-g", "-n", "1", "-c", room / "named.conf"], room)
    resolver = Daemon("unbound", [unbound, "-d", "-p", "-c", room / "unbound.conf"], room)
    try:
        wait_for_ports(bind, "127.0.0.1", [ports[0]], [])
        wait_for_ports(resolver, "127.0.0.1", [ports[1]], [])
        yield Names(f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}", (bind, resolver))
    finally:
        resolver.stop()
        bind.stop()


def _signed(room: Path, zone: str, keygen: Path, signer: Path) -> str:
    """Sign *zone*; the line of unbound's configuration that trusts its key."""
    (room / zone).write_text(ZONE)
    for flag in (["-f", "KSK"], []):
        _run([keygen, "-q", "-a", "ECDSAP256SHA256", *flag, zone], room)
    _run([signer, "-q", "-S", "-3", "-", "-o", zone, "-f", f"{zone}.signed", zone], room)
    for path in room.glob(f"K{zone}.*.key"):
        for line in path.read_text().splitlines():
            if " 257 " in line and not line.startswith(";"):
                return f'  trust-anchor: "{line.replace(" IN ", " ")}"\n'
    raise RuntimeError(f"{zone} has no key")


def _run(command: list[str | Path], room: Path) -> None:
    subprocess.run(command, cwd=room, env=ENVIRONMENT, check=True, capture_output=True)
