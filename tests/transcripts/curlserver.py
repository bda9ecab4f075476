"""A server that answers by command name, as curl's own test servers do, with a case's replies."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable

from curlcase import Case

Answer = Callable[[str, str], bool | None]


class CurlServer:
    """FTP or POP3 on a free port, in threads; with *tls* from the first byte."""

    def __init__(self, case: Case, *, host: str = "127.0.0.1",
                 tls: ssl.SSLContext | None = None) -> None:
        self.case, self.host, self.tls = case, host, tls
        self.listener = self.listen()
        self.port: int = self.listener.getsockname()[1]
        self.heard: list[str] = []
        self.stored: dict[str, bytes] = {}
        self.sent_up: list[bytes] = []
        self.replies: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.delays: dict[str, float] = {}
        self.flags: dict[str, str] = {}
        self._closing = False
        self._threads: list[threading.Thread] = []
        for line in case.commands:
            self._script(line)
        self._run(self._accept)

    def _script(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "REPLY":
            verb, _, text = rest.partition(" ")
            text = text.strip().strip('"').replace("\\r\\n", "\r\n").replace("\\n", "\n")
            self.replies[verb] = text
        elif word == "STOR":
            self.replies["STOR"] = rest
        elif word in ("COUNT", "DELAY"):
            verb, _, number = rest.partition(" ")
            if word == "COUNT":
                self.counts[verb] = int(number)
            else:
                self.delays[verb] = float(number)
        else:
            self.flags[word] = rest.strip()

    def listen(self) -> socket.socket:
        """A free port of the server's address."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return socket.create_server((self.host, 0), family=family)

    def _run(self, function: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=self._quietly, args=(function, *args), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _quietly(self, function: Callable[..., None], *args: object) -> None:
        try:
            function(*args)
        except OSError:
            pass

    def _accept(self) -> None:
        while not self._closing:
            client, _ = self.listener.accept()
            self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        if self.tls is not None:
            client.settimeout(10)
            client = self.tls.wrap_socket(client, server_side=True)
        session = POP3(self, client) if "pop3" in self.case.servers else FTP(self, client)
        session.run()

    def override(self, verb: str) -> str | None:
        """The case's own reply to *verb*, as often as it is to be used."""
        if verb not in self.replies:
            return None
        if verb in self.counts:
            if self.counts[verb] == 0:
                return None
            self.counts[verb] -= 1
        return self.replies[verb]

    def close(self) -> None:
        """Stop, and leave nothing open."""
        self._closing = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for thread in self._threads:
            thread.join(timeout=2)


class Session:
    """One connection."""

    greeting = ""

    def __init__(self, server: CurlServer, client: socket.socket) -> None:
        self.server, self.client = server, client
        self.case = server.case
        client.settimeout(10)
        self.lines = client.makefile("rb")

    def say(self, text: str) -> None:
        self.client.sendall(text.encode("latin-1") + b"\r\n")

    def run(self) -> None:
        try:
            self.talk()
        finally:
            self.forget()

    def forget(self) -> None:
        """Close what waits for a data connection."""

    def talk(self) -> None:
        with self.client, self.lines:
            self.say(self.server.override("welcome") or self.greeting)
            while line := self.lines.readline():
                text = line.rstrip(b"\r\n").decode("latin-1")
                self.server.heard.append(text)
                verb, _, rest = text.partition(" ")
                time.sleep(min(self.server.delays.get(verb, 0.0), 4.0))
                if self.answer(verb, rest) is False:
                    return

    def answer(self, verb: str, rest: str) -> bool | None:
        raise NotImplementedError


class FTP(Session):
    """The control connection, and one data connection at a time."""

    greeting = ("220-        _   _ ____  _     \r\n220-  a server that plays a case\r\n"
                "220 ready")
    simple = {"USER": "331 We are happy you popped in!", "PASS": "230 Welcome you silly person",
              "PWD": '257 "/" is current directory', "TYPE": "200 I modify TYPE as you wanted",
              "CWD": "250 CWD command successful.", "SYST": "215 UNIX Type: L8",
              "NOOP": "200 Yes, I'm very good at doing nothing.", "REST": "350 Yeah yeah",
              "MKD": "257 Created", "RMD": "250 gone", "DELE": "200 OK, deleted",
              "RNFR": "350 and to?", "RNTO": "250 renamed", "SITE": "200 yes", "OPTS": "200 yes",
              "QUIT": "221 bye bye baby", "PBSZ": "200 PBSZ=0", "STAT": "211 fine", "ACCT": "230 entered"}

    def __init__(self, server: CurlServer, client: socket.socket) -> None:
        super().__init__(server, client)
        self.listener: socket.socket | None = None
        self.active: tuple[str, int] | None = None
        self.private = False
        self.rest = 0
        self.renaming = ""

    def answer(self, verb: str, rest: str) -> bool | None:
        own = self.server.override(verb)
        if own is not None:
            self.say(own)
            return not own.startswith("421")
        verb = verb.upper()
        handler = getattr(self, f"do_{verb.lower()}", None)
        if handler is not None:
            result: bool | None = handler(rest)
            return result
        self.say(self.simple.get(verb, f"500 {verb} is not dealt with!"))
        return verb != "QUIT"

    def do_epsv(self, rest: str) -> None:
        port = self.listen()
        self.say(f"229 Entering Passive Mode (|||{port}|)")

    def do_pasv(self, rest: str) -> None:
        port = self.listen()
        host = "1,2,3,4" if "PASVBADIP" in self.server.flags else "127,0,0,1"
        self.say(f"227 Entering Passive Mode ({host},{port // 256},{port % 256})")

    def listen(self) -> int:
        self.forget()
        self.listener = self.server.listen()
        self.listener.settimeout(5)
        return int(self.listener.getsockname()[1])

    def forget(self) -> None:
        if self.listener is not None:
            self.listener.close()
            self.listener = None

    def do_port(self, rest: str) -> None:
        numbers = rest.split(",")
        self.active = ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])
        self.say("200 Thanks for dropping by")

    def do_eprt(self, rest: str) -> None:
        _, _, host, port, _ = rest.split("|")
        self.active = host, int(port)
        self.say("200 Thanks for dropping by")

    def do_prot(self, rest: str) -> None:
        self.private = rest == "P" and self.server.tls is not None
        self.say(f"200 PROT {rest}")

    def data(self) -> socket.socket:
        sock = self.reach()
        if self.private and self.server.tls is not None:
            return self.server.tls.wrap_socket(sock, server_side=True)
        return sock

    def reach(self) -> socket.socket:
        if self.active is not None:
            place, self.active = self.active, None
            return socket.create_connection(place, timeout=5)
        if self.listener is None:
            raise OSError("no data connection")
        sock, _ = self.listener.accept()
        sock.settimeout(5)
        self.forget()
        return sock

    def do_rest(self, rest: str) -> None:
        self.rest = int(rest)
        self.say("350 Yeah yeah we set it there for you")

    def do_size(self, rest: str) -> None:
        if rest in self.server.stored:
            self.say(f"213 {len(self.server.stored[rest])}")
        elif self.case.size is not None:
            good = self.case.size.lstrip("-").isdigit() and int(self.case.size) > -1
            self.say(f"213 {self.case.size}" if good else f"550 {rest}: No such file or directory.")
        elif self.case.data is not None:
            self.say(f"213 {len(self.case.data)}")
        else:
            self.say(f"550 {rest}: No such file or directory.")

    def do_mdtm(self, rest: str) -> None:
        if self.case.mdtm is None:
            self.say("500 MDTM is not dealt with!")
        elif self.case.mdtm == "-1":
            self.say(f"550 {rest}: No such file or directory.")
        else:
            self.say(self.case.mdtm)  # the whole reply

    def do_retr(self, rest: str) -> bool | None:
        data = self.case.data or b""
        if (self.case.size or "").isdigit() and int(self.case.size or 0) > len(data):
            self.rest = 0  # the data is what comes after the offset
        told = len(data) - self.rest
        if self.refused():
            return None
        size = self.server.flags.get("RETRSIZE", str(told))
        note = "" if "RETRNOSIZE" in self.server.flags else f" ({size} bytes)"
        self.say(f"150 Binary data connection for {rest}{note}.")
        self.send(data[self.rest:])
        self.say("226 File transfer complete")
        return None

    def refused(self) -> bool:
        """Whether the case wants no data connection, and then what it says instead."""
        flags = self.server.flags
        for flag, replies in (("NODATACONN425", ("150 Opening", "425 Can't open data connection")),
                              ("NODATACONN421", ("150 Opening", "421 Connection timed out")),
                              ("NODATACONN150", ("150 Opening",)), ("NODATACONN", ())):
            if flag in flags:
                self.forget()
                for reply in replies:
                    self.say(reply)
                return True
        return False

    def do_list(self, rest: str) -> None:
        self.say("150 here comes a directory")
        self.send((self.case.data or b"").replace(b"\n", b"\r\n").replace(b"\r\r", b"\r"))
        self.say("226 ASCII transfer complete")

    do_nlst = do_list

    def send(self, data: bytes) -> None:
        slow = "SLOWDOWN" in self.server.flags or "SLOWDOWNDATA" in self.server.flags
        with self.data() as sock:
            step = 8 if slow else len(data) or 1
            for at in range(0, len(data), step):
                sock.sendall(data[at:at + step])
            if isinstance(sock, ssl.SSLSocket):
                sock.unwrap()
        self.rest = 0

    def do_stor(self, rest: str) -> None:
        self.take(rest, self.server.stored.get(rest, b"")[: self.rest] if self.rest else b"")

    def do_appe(self, rest: str) -> None:
        self.take(rest, self.server.stored.get(rest, b""))

    def take(self, name: str, before: bytes) -> None:
        if self.refused():
            return
        self.say("125 Gimme gimme gimme!")
        with self.data() as sock:
            data = b""
            while more := sock.recv(65536):
                data += more
        self.rest = 0
        self.server.stored[name] = before + data
        self.server.sent_up.append(data)
        self.say("226 File transfer complete")

    def do_rnfr(self, rest: str) -> None:
        self.renaming = rest
        self.say("350 and to?")

    def do_rnto(self, rest: str) -> None:
        self.server.stored[rest] = self.server.stored.pop(self.renaming, b"")
        self.say("250 renamed")

    def do_mfmt(self, rest: str) -> None:
        self.say("213 fine")


class POP3(Session):
    """A mailbox with the case's data as its messages."""

    greeting = "+OK a server that plays a case <1972.987654321@curl>"

    def answer(self, verb: str, rest: str) -> bool | None:
        own = self.server.override(verb)
        if own is not None:
            self.say(own)
            return None
        verb = verb.upper()
        if verb == "CAPA":
            self.capa()
        elif verb == "AUTH":
            self.auth(rest)
        elif verb in ("LIST", "UIDL") and rest:
            self.say(f"+OK {rest} 100")
        elif verb in ("RETR", "TOP", "LIST", "UIDL") or (verb == "XTND"):
            self.say("+OK")
            self.client.sendall(self.body(verb))
        elif verb in ("USER", "PASS", "APOP", "NOOP", "RSET", "DELE", "QUIT", "STAT"):
            self.say("+OK 2 4294967400" if verb == "STAT" else "+OK")
        else:
            self.say("-ERR not dealt with")
        return verb != "QUIT"

    def body(self, verb: str) -> bytes:
        data = self.case.data or b""
        if verb == "LIST" and b"From" in data:
            data = b"1 100\r\n2 4294967400\r\n4 200\r\n"
        if verb == "UIDL" and b"From" in data:
            data = b"1 a\r\n2 b\r\n"
        data = re.sub(rb"(?<!\r)\n", b"\r\n", data)
        data = re.sub(rb"(?m)^\.", b"..", data)
        return data + (b"" if data.endswith(b"\r\n") or not data else b"\r\n") + b".\r\n"

    def capa(self) -> None:
        flags = self.server.flags
        if "CAPA" not in flags and "AUTH" not in flags:
            self.say("-ERR Unrecognized command")
            return
        words = re.findall(r'"([^"]+)"|(\S+)', flags.get("CAPA", ""))
        lines = [quoted or plain for quoted, plain in words]
        if "AUTH" in flags:
            lines.append(f"SASL {flags['AUTH']}")
        self.client.sendall(("+OK list\r\n" + "".join(f"{line}\r\n" for line in lines)
                             + ".\r\n").encode())

    def auth(self, rest: str) -> None:
        """The dialogue of the mechanism, each step answered as the case says."""
        words = rest.split()
        step = 1 if len(words) > 1 else 0
        challenge = self.server.override(words[0]) if words else None
        if step == 0:
            self.say(challenge or "+ ")
            while line := self.lines.readline().rstrip(b"\r\n").decode("latin-1"):
                self.server.heard.append(line)
                own = self.server.override(line)
                self.say(own or "+OK Login successful")
                if not (own or "").startswith("+ "):
                    return
            return
        own = self.server.override(words[1]) or challenge
        self.say(own or "+OK Login successful")
        if (own or "").startswith("+ "):
            line = self.lines.readline().rstrip(b"\r\n").decode("latin-1")
            self.server.heard.append(line)
            self.say(self.server.override(line) or "+OK Login successful")


class ConnectProxy:
    """SOCKS5 (RFC 1928) or HTTP CONNECT, whichever is spoken; *host* is a name of this machine."""

    def __init__(self, port: int, host: str) -> None:
        self.host = host
        self.asked: list[tuple[str, int]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> ConnectProxy:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _accept(self) -> None:
        try:
            while True:
                client, _ = self.listener.accept()
                client.settimeout(10)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
        except OSError:
            pass

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                socks = client.recv(1, socket.MSG_PEEK) == b"\x05"
                host, port = self._socks(client) if socks else self._http(client)
                self.asked.append((host, port))
                place = "127.0.0.1" if host == self.host else host
                with socket.create_connection((place, port), timeout=5) as server:
                    client.sendall(b"\x05\0\0\x01" + bytes(6) if socks
                                   else b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=pump, args=(server, client), daemon=True)
                    back.start()
                    pump(client, server)
                    back.join(timeout=5)
        except OSError:
            pass

    def _socks(self, client: socket.socket) -> tuple[str, int]:
        _, count = exactly(client, 2)
        exactly(client, count)
        client.sendall(b"\x05\0")
        kind = exactly(client, 4)[3]
        host = (socket.inet_ntoa(exactly(client, 4)) if kind == 1
                else exactly(client, exactly(client, 1)[0]).decode())
        return host, int.from_bytes(exactly(client, 2))

    def _http(self, client: socket.socket) -> tuple[str, int]:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(client, 1)
        host, _, port = head.split()[1].decode().rpartition(":")
        return host, int(port)


def exactly(sock: socket.socket, count: int) -> bytes:
    """*count* bytes, or an `OSError`."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("hung up")
        data += more
    return data


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes, and the end of it."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
