"""curl's HTTP cases: reading them, and a server that answers as curl's own does (its ``sws``).

The path of a request ends in the case's number, and behind it, where there is one, four digits of
a part: ``/110002`` is part 2 of case 11. The answer to part N is the section ``dataN``. A request
that carries Digest credentials, or NTLM's, is answered from other parts, and CONNECT from
``connect``.
"""

from __future__ import annotations

import re
import shlex
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import curlcase

_HEADER = re.compile(r"HTTP/[0-9.]+ |[A-Z]{3,16} \S.* HTTP/[0-9.]+|[A-Za-z0-9_-]+:( |$|\r)")
_FEATURES = {"wakeup", "sspi", "gss-api", "kerberos", "spnego", "win32", "windows", "mbedtls", "wolfssl",
             "rustls", "gnutls", "schannel", "hyper", "debug", "unittest", "ntlm", "manual", "ld_preload",
             "codeset-utf8", "socks", "c-ares", "threaded-resolver", "override-dns", "ipfs", "ech"}


@dataclass
class Reply:
    """One data section."""

    content: bytes
    attributes: str


@dataclass
class HTTPCase:
    """A case."""

    name: str
    number: str
    servers: list[str]
    tool: str
    arguments: list[str]
    include: bool
    parts: dict[int, Reply]
    connects: dict[int, Reply]
    wanted: bytes | None
    error: int
    asked: list[bytes]
    files: dict[str, bytes]
    stdin: bytes
    stdout: bytes | None
    saved: bytes | None
    commands: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)


def conditions(text: str) -> str:
    """``%if feature`` … ``%else`` … ``%endif`` resolved: a modern build, without rarities."""
    kept: list[str] = []
    stack: list[bool] = []
    for line in text.split("\n"):
        if found := re.match(r"%if (!?)(\S+)", line):
            stack.append((found[2].lower() in _FEATURES) == bool(found[1]))
        elif line.startswith("%else") and stack:
            stack[-1] = not stack[-1]
        elif line.startswith("%endif") and stack:
            stack.pop()
        elif all(stack):
            kept.append(line)
    return "\n".join(kept)


def headed(text: str) -> str:
    """``crlf="headers"``: CRLF at the ends of header lines, and after each header."""
    lines, before = [], False
    for line in text.split("\n"):
        is_head = bool(_HEADER.match(line)) or (before and not line.strip("\r"))
        lines.append(line + "\r" if is_head and not line.endswith("\r") else line)
        before = is_head and bool(line.strip("\r"))
    text = "\n".join(lines)
    return text.removesuffix("\r")


def content(found: tuple[str, str], number: str, ports: dict[str, str]) -> bytes:
    """The bytes of a section."""
    attributes, text = found
    if 'crlf="headers"' in attributes:
        text = headed(text)
    return curlcase.body(attributes, words(curlcase.fill(text, number, ports)), number)


def words(text: str) -> str:
    """More words of the suite's templates."""
    for name, value in (("%SP", " "), ("%TAB", "\t"), ("%CR", "\r"), ("%spc%", " "), ("%0a", "%0a")):
        text = text.replace(name, value)
    return text


def _fill(text: str, number: str, ports: dict[str, str]) -> str:
    text = re.sub(r"%%TESTNUMBER%?", number, text)
    return words(curlcase.fill(text, number, ports)).replace("%VERSION", "8").replace("%SRCDIR", ".")


def read(path: Path, ports: dict[str, str], folder: Path) -> HTTPCase:
    """The case in *path*, with its ports filled in."""
    ports = {**ports, "LOGDIR": str(folder), "PWD": str(folder)}
    text = conditions(re.sub(r"^#.*\n(?=.*<)", "", path.read_text("latin-1")))
    number = path.name.removeprefix("test")
    section = curlcase.section
    reply, client, verify = ((section(text, name) or ("", ""))[1]
                             for name in ("reply", "client", "verify"))
    attributes, command = section(client, "command") or ("", "")
    command = _fill(command.strip().replace("\n", " "), number, ports)
    try:
        arguments = shlex.split(command)
    except ValueError:
        arguments = command.split()
    parts, connects = {}, {}
    for kind, into in (("data", parts), ("connect", connects)):
        for found in re.finditer(rf"<{kind}(\d*)((?:\s[^>]*)?)>\n?(.*?)</{kind}\1>", reply, re.DOTALL):
            into.setdefault(int(found[1] or 0), Reply(
                content((found[2], found[3]), number, ports), found[2]))
    wanted = section(reply, "datacheck")
    first = section(reply, "data")
    protocol = section(verify, "protocol") or section(verify, "proxy")
    files = {_fill(found[1], number, ports): content((found[2], found[3]), number, ports)
             for found in re.finditer(r'<file\d* name="([^"]+)"([^>]*)>\n?(.*?)</file\d*>', client, re.DOTALL)}
    stdin, stdout = section(client, "stdin"), section(verify, "stdout")
    saved = section(verify, "file")
    wire = [found[1] for name in ("proxy", "protocol") if (found := section(verify, name))]
    asked = [content((protocol[0], one), number, ports) for one in wire] if protocol else []
    return HTTPCase(
        path.name, number, (section(client, "server") or ("", ""))[1].split(),
        (section(client, "tool") or ("", ""))[1].strip(), arguments,
        "no-include" not in attributes and "no-output" not in attributes, parts, connects,
        content(wanted, number, ports) if wanted else
        (content(first, number, ports) if first and 'nocheck="yes"' not in first[0] else None),
        int((section(verify, "errorcode") or ("", "0"))[1].strip().split(",")[0] or 0),
        requests(b"".join(asked)), files, content(stdin, number, ports) if stdin else b"",
        content(stdout, number, ports) if stdout else None,
        content(saved, number, ports) if saved else None,
        dict(_command(line) for line in (section(reply, "servercmd") or ("", ""))[1].splitlines() if line.strip()),
        dict(line.split("=", 1) for line in _fill((section(client, "setenv") or ("", ""))[1], number, ports)
             .splitlines() if "=" in line))


def _command(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def requests(data: bytes) -> list[bytes]:
    """Requests one after another, taken apart where the next one begins."""
    data = re.sub(rb"\[DISCONNECT\]\r?\n?", b"", data)
    return [one for one in re.split(rb"(?m)^(?=[A-Z]{3,16} \S+ HTTP/1\.[01]\r?$)", data) if one.strip()]


class Sws:
    """A web server on a free port that answers from a case."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.case: HTTPCase | None = None
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port: int = self.listener.getsockname()[1]
        self.heard: list[bytes] = []
        self.parts: dict[str, int] = {}
        self.bounced = False
        self._closing = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def _run(self, function: object, *args: object) -> None:
        thread = threading.Thread(target=self._quietly, args=(function, *args), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _quietly(self, function: object, *args: object) -> None:
        try:
            function(*args)  # type: ignore[operator]
        except OSError:
            pass

    def _accept(self) -> None:
        while not self._closing:
            client, _ = self.listener.accept()
            self._open.add(client)
            self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        if self.tls is not None:
            client = self.tls.wrap_socket(client, server_side=True)
        with client:
            buffer = b""
            while True:
                request, buffer = self._request(client, buffer)
                if not request:
                    break
                self.heard.append(request)
                if not self._answer(client, request):
                    break
            try:
                if isinstance(client, ssl.SSLSocket):
                    client.settimeout(0.2)
                    client.unwrap()  # a close_notify: else the end could be a cut
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except OSError:
                pass
        self._open.discard(client)

    def _request(self, client: socket.socket, data: bytes) -> tuple[bytes, bytes]:
        assert self.case is not None
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = client.recv(65536)
            if not more:
                return b"", b""
            data += more
        end += 4
        head = data[:end]
        if "auth_required" in self.case.commands and b"\nauthorization:" not in head.lower():
            return data, b""
        limit = max(0, int(skip)) if (skip := self.case.commands.get("skip")) else 0
        length = re.search(rb"\ncontent-length: *(\d+)", head, re.IGNORECASE)
        size = end + max(0, int(length[1]) - limit) if length else end
        if re.search(rb"\ntransfer-encoding: *chunked", head, re.IGNORECASE):
            while not (last := re.search(rb"(?:^|\n)0+\r\n(?:[^\r\n]+\r\n)*\r\n", data[end:])):
                more = client.recv(65536)
                if not more:
                    return data, b""
                data += more
            size = end + last.end()
        while len(data) < size:
            more = client.recv(65536)
            if not more:
                return data, b""
            data += more
        return data[:size], data[size:]

    def _answer(self, client: socket.socket, request: bytes) -> bool:
        """Send what the case has; whether the connection goes on."""
        case = self.case
        assert case is not None
        line = request.split(b"\r\n", 1)[0].decode("latin-1")
        method = line.split(" ", 1)[0]
        part = self._part(line, request)
        replies = case.connects if method == "CONNECT" and case.connects else case.parts
        reply = replies.get(part)
        if reply is None and method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Mighty fine indeed\r\n\r\n")
            return True
        if reply is None:
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        data = reply.content
        if b"swsbounce" in data:
            self.bounced = True
        if "idle" in case.commands:
            time.sleep(3)
            return False
        if delay := case.commands.get("delay"):
            time.sleep(int(delay) / 1000)
        if method == "HEAD":
            pass  # as sws: what the case says, whatever was asked for
        if pause := case.commands.get("writedelay"):
            for at in range(0, len(data), max(1, len(data) // 10)):
                client.sendall(data[at:at + max(1, len(data) // 10)])
                time.sleep(min(0.02, int(pause) / 1000))
        else:
            client.sendall(data)
        if b"swsclose" in data or "swsclose" in case.commands:
            return False
        head = re.split(rb"\r?\n\r?\n", data)[0].lower()
        if method != "CONNECT" and (b"\nconnection: close" in head or not re.search(
                rb"\ncontent-length:|\ntransfer-encoding: *chunked|^http/1.. (204|304|1..)", head)):
            return False
        return not re.search(rb"\nconnection: close", request, re.IGNORECASE)

    def _part(self, line: str, request: bytes) -> int:
        assert self.case is not None
        number = self.case.number
        target = line.split(" ")[1] if line.count(" ") else ""
        found = re.search(rf"/{number}(\d{{4}})?(?!\d)", target)
        part = int(found[1] or 0) if found else 0
        if not found and line.startswith("CONNECT"):
            named = re.search(rf"(?:^CONNECT \S*?\.|^CONNECT ){number}(\d{{4}})?(?!\d)", line)
            part = int(named[1] or 0) if named else 0
        head = request.split(b"\r\n\r\n", 1)[0]
        field = rb"authorization: "
        if re.search(field + rb"NTLM TlRMTVNTUAAD", head, re.IGNORECASE):
            part += 1002
        elif re.search(field + rb"NTLM TlRMTVNTUAAB", head, re.IGNORECASE):
            part += 1001
        elif re.search(rb"\r\n(?:proxy-)?authorization: digest", head, re.IGNORECASE):
            part += 1000
        elif part >= 1000 and re.search(field + rb"basic", head, re.IGNORECASE):
            part += 1
        if self.bounced:
            self.bounced = False
            self.parts[target] = self.parts.get(target, 0) + 1
            part += self.parts[target]
        return part

    def close(self) -> None:
        """Stop, and leave nothing open."""
        self._closing = True
        for one in (self.listener, *list(self._open)):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.listener.close()
        for thread in self._threads:
            thread.join(timeout=3)
