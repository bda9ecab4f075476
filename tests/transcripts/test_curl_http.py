"""curl's HTTP cases, replayed: what came, what was asked for, and the class of error.

Each case's command line is turned into calls of the client; a server answers as curl's own does.
Compared are the status, fields and bytes of the last answer, and of each request its method,
target, body and the fields that mean something. Fields that every program chooses for itself
(User-Agent, Accept, Connection …) are not. Cases without a counterpart are listed with the reason;
the score is in SCORES.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import curlhttp
import pytest
from curlhttp import HTTPCase, Sws

from postel.errors import (
    AuthenticationError,
    ConnectError,
    Incomplete,
    LimitReached,
    NetworkError,
    PostelError,
    ProtocolError,
    ReplyError,
    ResolveError,
    TimedOut,
    TransferError,
    UsageError,
)
from postel.http import Client
from postel.http.headers import Headers
from postel.http.types import Follow
from postel.lab.certificates import Authority
from postel.transport.names import HOSTS
from postel.transport.tls import TLSOptions
from postel.urls import parse

pytestmark = pytest.mark.slow

BASE = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                           / "corpora")) / "transcripts" / "curl" / "http"
BROKEN = (ProtocolError, NetworkError, TransferError)
ERRORS: dict[int, tuple[type[BaseException], ...]] = {
    1: (UsageError, ProtocolError), 3: (UsageError,), 5: (NetworkError, UsageError), 6: (ResolveError,),
    7: (ConnectError,), 8: BROKEN, 18: (Incomplete,), 22: (ReplyError,), 26: (OSError, UsageError),
    28: (TimedOut,), 47: (LimitReached, ReplyError), 52: BROKEN, 55: BROKEN, 56: BROKEN,
    60: (NetworkError,), 61: (ProtocolError, UsageError), 63: (LimitReached,), 67: (AuthenticationError,),
    88: BROKEN, 92: BROKEN, 94: (PostelError,), 97: BROKEN, 100: (LimitReached,),
}

TAKES = {  # options with a word behind them
    "-u", "--user", "-H", "--header", "-d", "--data", "--data-binary", "--data-raw", "--data-urlencode",
    "-F", "--form", "--form-string", "-T", "--upload-file", "-X", "--request", "-o", "--output", "-D",
    "--dump-header", "-b", "--cookie", "-c", "--cookie-jar", "-A", "--user-agent", "-e", "--referer", "-r",
    "--range", "-C", "--continue-at", "-x", "--proxy", "-U", "--proxy-user", "--max-redirs", "-m",
    "--max-time", "-z", "--time-cond", "--json", "--url-query", "--oauth2-bearer", "--netrc-file", "-w",
    "--write-out", "--output-dir", "--stderr", "--url", "--limit-rate", "--retry", "--max-filesize",
    "--connect-to", "--resolve", "--noproxy", "--retry-max-time", "--retry-delay", "--connect-timeout",
    "--cacert", "--hsts", "--tls-max", "--trace-ascii", "--trace", "-y", "-Y", "--keepalive-time", "--rate",
}
SHORT = "uHdFTXoDbcAerCxUmzwyYKEt"
IGNORED = {
    "-s", "-S", "-v", "-i", "--include", "--silent", "--show-error", "--http1.1", "-g", "--globoff",
    "-O", "--remote-name", "--no-progress-meter", "-4", "--ipv4", "-6", "-N", "-#", "-k", "--insecure",
    "--show-headers", "--no-include", "--remove-on-error", "--out-null", "--no-http0.9", "--clobber",
    "--no-clobber", "--create-dirs", "--compressed", "--raw", "--tcp-nodelay", "--no-buffer",
    "--ssl-revoke-best-effort", "--disallow-username-in-url", "--retry-all-errors", "--parallel", "-Z", "--no-keepalive",
    "-f", "--fail", "--fail-with-body", "-L", "--location", "--follow", "-I", "--head", "-G", "--get",
    "--digest", "--basic", "--anyauth", "--netrc", "-n", "--netrc-optional", "--proxy-basic",
    "--proxy-digest", "--proxy-anyauth", "--skip-existing", "--junk-session-cookies", "-j", "--no-basic",
}
NUMBERED = "a host's name that ends in a number, which is no name here"
ABSENT = {
    "--next": "several commands on one line", "-K": "curl's configuration files",
    "--config": "curl's configuration files", "--variable": "curl's configuration files",
    "-J": "names of files are chosen by get", "--remote-header-name": "names of files are chosen by get",
    "--http2": "an upgrade to HTTP/2 in the clear, which RFC 9113 has taken back",
    "--http3": "HTTP/3 is not spoken", "--http1.0": "HTTP/1.0 is not spoken", "-0": "HTTP/1.0 is not spoken",
    "--proxy1.0": "HTTP/1.0 is not spoken", "--http0.9": "HTTP/0.9 is not spoken",
    "--ntlm": "NTLM is not spoken: DES and MD4", "--proxy-ntlm": "NTLM is not spoken: DES and MD4",
    "--negotiate": "Kerberos is not spoken", "--proxy-negotiate": "Kerberos is not spoken",
    "--aws-sigv4": "signatures of vendors", "--httpsig-algo": "signatures of messages (RFC 9421)",
    "--httpsig-key": "signatures of messages (RFC 9421)",
    "--alt-svc": "Alt-Svc is not followed", "--ipfs-gateway": "IPFS", "--socks4": "SOCKS4 is not spoken",
    "--socks5": "proxies have tests of their own", "--unix-socket": "sockets with a name",
    "--interface": "an interface by its name", "--haproxy-protocol": "HAProxy's protocol",
    "--haproxy-clientip": "HAProxy's protocol", "--tr-encoding": "transfer codings but chunked",
    "--location-trusted": "credentials never go to another origin",
    "--post301": "a POST that is redirected becomes a GET, as browsers have it",
    "--post302": "a POST that is redirected becomes a GET, as browsers have it",
    "--post303": "a POST that is redirected becomes a GET, as browsers have it",
    "--etag-compare": "files of entity tags; the cache keeps them", "--etag-save": "files of entity tags; the cache keeps them",
    "-C": "curl's way to resume; get has its own", "--continue-at": "curl's way to resume; get has its own",
    "--noproxy": "which hosts go direct has tests of its own",
    "-z": "times as conditions: a header says it", "--time-cond": "times as conditions: a header says it",
    "--engine": "OpenSSL's engines", "--doh-url": "DNS over HTTPS", "--doh-insecure": "DNS over HTTPS",
    "-p": "a tunnel for http:// is not dug: proxies forward it",
    "--proxytunnel": "a tunnel for http:// is not dug: proxies forward it",
    "--request-target": "a target that is not the URL's", "--xattr": "attributes of files",
    "--proxy-header": "headers for the proxy alone", "--suppress-connect-headers": "curl's own output",
    "--ignore-content-length": "lengths are never ignored", "--form-escape": "another way to write names",
    "--expand-data": "curl's configuration files", "--expand-url": "curl's configuration files",
    "--proto-default": "a URL without a scheme is https", "--proto": "a limit on schemes",
    "--remote-time": "times of files", "-R": "times of files", "--data-urlencode": "names are encoded by params=",
    "--pinnedpubkey": "pins are of certificates here",
    "--proxy-insecure": "proxies have tests of their own",
    "--ech": "Encrypted Client Hello", "-1": "versions of TLS are a context's",
    "--cert": "the suite's own TLS server",
    "--use-ascii": "line ends are not changed", "-B": "line ends are not changed",
    "--expect100-timeout": "the wait for 100 is not an argument",
    "--path-as-is": "paths are always as they are", "--fail-early": "several commands on one line",
}


def absent(case: HTTPCase) -> str | None:
    """Why there is no counterpart, or None."""
    if case.name in ELSEWHERE:
        return ELSEWHERE[case.name]
    if case.tool:
        return "a C program of curl's own library interface"
    if case.servers not in (["http"], ["http-ipv6"], [], ["https"], ["http", "https"]):
        return "a server of another protocol, a proxy or a TLS set-up of curl's suite"
    if "upgrade" in case.commands:
        return ABSENT["--http2"]
    for word in case.arguments:
        if re.fullmatch(r"-[a-zA-Z]*J[a-zA-Z]*", word):
            return ABSENT["-J"]
        if reason := ABSENT.get(word.partition("=")[0] if word.startswith("--") else word):
            return reason
        if word.startswith("--") and word.partition("=")[0] not in TAKES | IGNORED:
            return "an option of the command's own"
    if "%includetext" in str(case.wanted) or any(b"%includetext" in one.content for one in case.parts.values()):
        return "a text of the suite that is not in the corpus"
    if "no-q" in case.environment.get("option", ""):
        return ABSENT["-K"]
    if any(re.search(rf"\.{case.number}(?=[:/\s]|$)", word) for word in case.arguments):
        return NUMBERED
    if any(re.match(r"(ftp|telnet|ipfs|h55p)://", word) for word in case.arguments):
        return "another protocol, by an HTTP proxy"
    if any(re.search(r"^\{|\{.*[,<].*\}", word) for word in case.arguments):
        return "patterns in URLs"
    if any(re.search(r"[{\[](?![0-9a-f:%\w]+\])", word) for word in case.arguments if word.startswith("http")) and (
            "-g" not in case.arguments and "--globoff" not in case.arguments):
        return "patterns in URLs"
    return None


class Call:
    """What a curl command line says."""

    def __init__(self, words: list[str]) -> None:
        self.urls: list[str] = []
        self.given: list[tuple[str, str]] = []
        words = list(words)
        while words:
            word = words.pop(0)
            if word in TAKES:
                self._take(word, words.pop(0))
            elif word.startswith("--") and "=" in word:
                self._take(*word.split("=", 1))
            elif word.startswith("--"):
                self.given.append((word, ""))
            elif word.startswith("-") and len(word) > 1:
                self._letters(word[1:], words)
            else:
                self.urls.append(word)

    def _letters(self, letters: str, words: list[str]) -> None:
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in SHORT:
                self._take("-" + letter, letters or words.pop(0))
                return
            self.given.append(("-" + letter, ""))

    def _take(self, name: str, value: str) -> None:
        if name == "--url":
            self.urls.append(value)
        else:
            self.given.append((name, value))

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.given if name in names]

    def one(self, *names: str) -> str | None:
        return found[-1] if (found := self.all(*names)) else None

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.given)


class Player:
    """Does what a command line says."""

    def __init__(self, case: HTTPCase, folder: Path, stack: ExitStack) -> None:
        self.case, self.folder, self.stack = case, folder, stack
        self.call = Call([word.encode("latin-1").decode("utf-8", "replace") for word in case.arguments])
        self.answers: list[Any] = []

    def data(self, name: str) -> bytes:
        if name in ("-", "."):
            return self.case.stdin
        path = Path(name)
        return path.read_bytes()

    def body(self) -> tuple[bytes | None, str]:
        parts = []
        for name, value in self.call.given:
            if name in ("-d", "--data", "--data-binary", "--json", "--data-raw"):
                if value.startswith("@") and name != "--data-raw":
                    data = self.data(value[1:])
                    parts.append(re.sub(rb"[\r\n\0]", b"", data) if name in ("-d", "--data") else data)
                else:
                    parts.append(value.encode())
        if not parts:
            return None, ""
        if self.call.has("--json"):
            return b"".join(parts), "application/json"
        return b"&".join(parts), "application/x-www-form-urlencoded"

    def form(self) -> dict[str, Any]:
        data: list[tuple[str, str]] = []
        files: list[tuple[str, Any]] = []
        for name, text in self.call.given:
            if name not in ("-F", "--form", "--form-string"):
                continue
            field, _, value = text.partition("=")
            if name == "--form-string" or value[:1] not in ("@", "<"):
                if ";type=" in value or value.startswith("("):
                    pytest.skip("no counterpart: parts of forms within parts, or with types")
                data.append((field, value))
                continue
            if ";" in value or "," in value:
                pytest.skip("no counterpart: curl's own syntax for parts of forms")
            content = self.data(value[1:])
            if value[0] == "<":
                data.append((field, content.decode("latin-1")))
            else:
                files.append((field, (Path(value[1:]).name, content)))
        return {"data": data, "files": files} if data or files else {}

    def headers(self) -> list[tuple[str, str | None]]:
        found: list[tuple[str, str | None]] = []
        for text in self.call.all("-H", "--header"):
            if text.startswith("@"):
                pytest.skip("no counterpart: headers from a file")
            name, colon, value = text.partition(":")
            if not colon and text.endswith(";"):
                found.append((text[:-1], ""))
            elif colon and not value.strip():
                found.append((name, None))
            elif colon:
                found.append((name, value.strip()))
        for options, name in ((("-A", "--user-agent"), "User-Agent"), (("-r", "--range"), "Range")):
            if (value := self.call.one(*options)) is not None:
                if name == "Range":
                    value = f"bytes={value}" if "-" in value else f"bytes={value}-"
                found.append((name, value))
        if (referer := self.call.one("-e", "--referer")) is not None:
            if ";auto" in referer:
                pytest.skip("no counterpart: Referer by itself")
            found.append(("Referer", referer))
        return found

    def login(self) -> dict[str, Any]:
        call = self.call
        if (token := call.one("--oauth2-bearer")) is not None:
            return {"auth": "bearer", "password": token}
        user, colon, password = (call.one("-u", "--user") or "").partition(":")
        auth = None if call.has("--anyauth") else "digest" if call.has("--digest") else "basic"
        if user or colon:
            return {"user": user, "password": password, "auth": auth}
        return {}

    def client(self, base: str) -> Client:
        call, options = self.call, self.login()
        netrc: Any = False
        if call.has("--netrc-file"):
            netrc = call.one("--netrc-file")
        elif call.has("--netrc", "-n", "--netrc-optional"):
            netrc = True
        url = parse(base)
        if url.user is not None and not options:
            options = {"user": url.user, "password": url.password or "",
                       "auth": None if call.has("--anyauth") else "digest" if call.has("--digest") else "basic"}
        proxy = self.proxy()
        most = int(call.one("--max-redirs") or 50)
        limit = call.one("--max-filesize")
        return Client(
            url.with_(path="/", query=None, fragment=None, user=None, password=None),
            netrc=netrc, proxy=proxy, cookies=self.jar(), timeout=float(call.one("-m", "--max-time") or 3),
            follow=call.has("-L", "--location", "--follow") and Follow(
                most=most if most >= 0 else 999, to_clear=True),
            retries=int(call.one("--retry") or 0), largest=int(limit) if limit else 1 << 30,
            security="plain", http2=False, tls=self.tls(), hsts=call.one("--hsts") or True, **options)

    def tls(self) -> TLSOptions | None:
        if self.call.has("-k", "--insecure"):
            return TLSOptions(verify=False)
        return TLSOptions(ca=str(self.folder / "ca.pem")) if self.call.has("--cacert") else None

    def proxy(self) -> str:
        proxy = self.call.one("-x", "--proxy") or ""
        if not proxy:
            for name in ("http_proxy", "all_proxy"):
                if name in self.case.environment:
                    pytest.skip("no counterpart: proxies of the environment have tests of their own")
            return "none"
        if "://" not in proxy:
            proxy = f"http://{proxy}"
        if not proxy.startswith(("http://", "https://")):
            pytest.skip("no counterpart: proxies have tests of their own")
        if (who := self.call.one("-U", "--proxy-user")) is not None:
            user, _, password = who.partition(":")
            return proxy.replace("://", f"://{quote(user)}:{quote(password)}@")
        return proxy

    def jar(self) -> Any:
        sources = [value for value in self.call.all("-b", "--cookie") if "=" not in value]
        target = self.call.one("-c", "--cookie-jar")
        if not sources and target is None:
            return None
        path = self.folder / "cookies"
        texts = [Path(value).read_text("latin-1") for value in sources if Path(value).exists()]
        if any("Set-Cookie:" in text for text in texts):
            pytest.skip("no counterpart: a file of header lines as cookies")
        path.write_text("".join(texts))
        return path

    def play(self) -> bytes:
        """What came, as text of the last answer."""
        if not self.call.urls:
            pytest.skip("no counterpart: no URL")
        for text in self.call.all("--resolve", "--connect-to"):
            self.named(text)
        client = self.client(self.target(self.call.urls[0]))
        with client:
            for text in self.call.urls:
                self.one(client, self.target(text))
        return b""

    def named(self, text: str) -> None:
        """A host of the command line's own."""
        parts = text.split(":")
        if len(parts) == 4 and not parts[0] and not parts[1]:
            pytest.skip("no counterpart: every host led to one")
        if text.startswith(("+", "-", "*")) or "[" in text or len(parts) not in (3, 4):
            pytest.skip("no counterpart: curl's own syntax for hosts")
        host, port, *to = parts
        address, led = (to[0], int(port)) if len(to) == 1 else (to[0] or "127.0.0.1", int(to[1] or port))
        if not port or not host or not address or not re.fullmatch(r"[0-9.]+", address):
            pytest.skip("no counterpart: curl's own syntax for hosts")
        host = parse(f"http://{host}").host.removesuffix(".")
        self.stack.enter_context(HOSTS_AT(host, int(port), led))

    def target(self, text: str) -> str:
        if "://" not in text:
            text = f"http://{text}"
        scheme, _, rest = text.partition("://")
        place = re.match(r"[^/?#]*", rest)
        assert place is not None
        tail = rest[place.end():]
        if tail.startswith("?"):
            tail = "/" + tail
        if name := self.call.one("-T", "--upload-file"):
            if tail.endswith("/") or not tail:
                tail = (tail or "/") + Path(name).name
        if self.call.has("-G", "--get"):
            data, _ = self.body()
            tail += ("&" if "?" in tail else "?") + (data or b"").decode("latin-1")
        return f"{scheme}://{place[0]}{encoded(tail)}"

    def one(self, client: Client, url: str) -> None:
        call = self.call
        headers = self.headers()
        named = {name.lower() for name, value in headers if value is not None}
        gone = {name: None for name, value in headers if value is None and name.lower() not in named}
        headers = [(name, value) for name, value in headers if value is not None]
        options: dict[str, Any] = {}
        data, kind = self.body()
        name = call.one("-T", "--upload-file")
        method = "GET"
        if call.has("-G", "--get"):
            pass
        elif name is not None:
            method, options["content"] = "PUT", self.data(name)
            if name in ("-", "."):
                options["content"] = iter([options["content"]])
        elif data is not None:
            method, options["content"] = "POST", data
            if not any(key.lower() == "content-type" for key, _ in headers):
                headers.append(("Content-Type", kind))
        elif form := self.form():
            method, options = "POST", form
            if not options["files"]:
                options["files"] = []
        if call.has("-I", "--head"):
            method = "HEAD"
        method = call.one("-X", "--request") or method
        pairs = [pair for text in call.all("-b", "--cookie") if "=" in text
                 for pair in text.split(";")]
        if pairs:
            options["cookies"] = {name.strip(): value for name, _, value in
                                  (pair.partition("=") for pair in pairs)}
        for query in call.all("--url-query"):
            url += ("&" if "?" in url else "?") + query
        with client.stream(method, self.plain(url), headers={**dict(headers), **gone} if gone else Headers(headers),
                           **options) as answer:
            if call.has("-f", "--fail", "--fail-with-body"):
                answer.raise_for_status()
            limit = client.largest
            if call.has("--compressed"):
                content = answer.read(largest=limit).content
            else:
                if answer.size is not None and answer.size > limit:
                    raise LimitReached("too long")
                content = b"".join(answer.iter_raw())
            self.answers.append(answer.finished(content))

    @staticmethod
    def plain(url: str) -> str:
        return str(parse(url).with_(user=None, password=None, fragment=None))


def HOSTS_AT(host: str, port: int, led: int) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def there() -> Iterator[None]:
        HOSTS.add(host, ("127.0.0.1",), {port: led})
        try:
            yield
        finally:
            HOSTS.remove(host)

    return there()


# -- comparing ------------------------------------------------------------------------------------

OWN = {"user-agent", "accept", "accept-encoding", "connection", "proxy-connection", "te", "expect",
       "transfer-encoding", "content-length", "upgrade", "http2-settings"}


def encoded(text: str, more: str = "") -> str:
    """curl sends what RFC 3986 has not in a URL; here it is percent-encoded."""
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(text.encode("latin-1", "replace"), safe="%!$&'()*+,;=:@/?#-._~" + more)


def taken_apart(request: bytes) -> tuple[str, dict[str, list[str]], bytes]:
    head, _, body = request.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.lower() not in OWN:
            fields.setdefault(name.lower(), []).append(value.strip())
    if "chunked" in head.decode("latin-1").lower():
        body = b"".join(re.findall(rb"(?:^|\n)[0-9a-fA-F]+\n(.*?)(?=\n[0-9a-fA-F]+\n)", body, re.DOTALL))
    path, mark, query = lines[0].rsplit(" ", 1)[0].partition("?")
    first = encoded(path + mark + query.replace("+", "%20"), " ")
    if "host" in fields:
        fields["host"] = [value.lower() for value in fields["host"]]
    return re.sub(r"(?<=http://)[^/ ]+", lambda at: at[0].lower(), first), fields, body


def normal(fields: dict[str, list[str]], body: bytes) -> tuple[dict[str, list[str]], Any]:
    """What is random taken out: boundaries, client's nonces."""
    kind = (fields.get("content-type") or [""])[0]
    boundary = re.search(r'boundary="?([^";]+)', kind)
    told: Any = body
    if boundary:
        mark = boundary[1].encode()
        told = sorted(part.strip(b"\n") for part in body.split(b"--" + mark) if part.strip(b"-\n"))
        fields = {**fields, "content-type": [kind.split(";")[0]]}
    for name in ("authorization", "proxy-authorization"):
        if name in fields and fields[name][0].startswith("Digest"):
            from postel.http.challenges import credentials

            said = credentials(fields[name][0])
            assert said is not None
            exact = encoded(said.params.get("uri", "")) == said.params.get("uri", "")
            keep = {key: encoded(said.params[key]) for key in ("username", "realm", "nonce", "uri", "opaque")
                    if key in said.params}
            if "cnonce" not in said.params and exact and "%" not in said.params.get("uri", ""):
                keep["response"] = said.params["response"]
            fields = {**fields, name: [str(sorted(keep.items()))]}
    if "cookie" in fields:
        fields = {**fields, "cookie": sorted(re.split(r";\s*", ";".join(fields["cookie"])))}
    return fields, told


def last_answer(wanted: bytes) -> tuple[int, bytes, bytes]:
    """Status, head and body of the last answer in what curl shows."""
    starts = [m.start() for m in re.finditer(rb"(?:^|(?<=\n)|(?<=[^\n]))HTTP/[0-9.]+ \d{3}", wanted)]
    if not starts:
        return 0, b"", wanted
    text = wanted[starts[-1]:]
    end = re.search(rb"\r?\n\r?\n", text)
    head, body = (text[:end.start()], text[end.end():]) if end else (text, b"")
    return int(text.split(b" ", 2)[1][:3]), head, body


def check(case: HTTPCase, player: Player, heard: list[bytes]) -> None:
    if case.wanted is not None and case.include and player.answers:
        answer = player.answers[0 if len(player.call.urls) > 1 else -1]  # the rest is for the screen
        status, head, body = last_answer(case.wanted)
        assert answer.status == status
        for name, value in answer.headers.pairs:
            text = re.sub(rb"\r?\n[ \t]+", b" ", head).decode("utf-8", "surrogateescape").lower()
            assert f"{name}: {value}".lower().split() in [  # spaces apart
                [f"{key}:", *rest.split()] for key, _, rest in
                (line.partition(":") for line in text.split("\n"))]
        if answer.method != "HEAD" and not re.fullmatch(  # trailers stand behind the body
                re.escape(answer.content) + rb"([\w-]+: .*\r?\n)+\r?\n?", body):
            assert answer.content == body
    if case.asked:
        compare(case, heard)


def compare(case: HTTPCase, heard: list[bytes]) -> None:
    ours = [taken_apart(one) for one in heard]
    theirs = [taken_apart(one) for one in case.asked]
    assert [one[0] for one in ours] == [one[0] for one in theirs]
    for number, ((_, fields, body), (_, wanted_fields, wanted_body)) in enumerate(
            zip(ours, theirs, strict=True), 1):
        mine, told = normal(fields, body)
        wanted, wanted_told = normal(wanted_fields, wanted_body)
        if not wanted_body and number < len(ours):  # curl keeps it back while it expects a 401
            mine.pop("content-type", None)
            wanted.pop("content-type", None)
            told = wanted_told
        assert mine == wanted
        assert told == wanted_told


ELSEWHERE = {
    "test436": ABSENT["-K"], "test424": ABSENT["-K"], "test488": ABSENT["-K"], "test1460": ABSENT["-J"],
    "test76": ABSENT["--ntlm"], "test90": ABSENT["--ntlm"], "test1214": NUMBERED,
    "test1240": "patterns in URLs", "test2092": "patterns in URLs", "test3036": ABSENT["-J"],
    "test1166": "a client without cookies: every client here keeps them",
    "test498": "many redirects with large headers: each is limited alone",
}
"""Single cases without a counterpart."""

DIFFERENT = {
    "a header of 100 KB is taken, up to 256 KiB": ("test1154",),
    "two Location fields matter only to who follows them": ("test772",),
    "who cannot send a body again has the refusal for an answer": ("test1072",),
    "Digest goes on with the nonce it has, unasked": ("test388", "test1412", "test1418"),
    "a redirect in a circle is an error before its limit": ("test3032",),
    "lengths and codings of transfer are the client's own headers": (
        "test60", "test98", "test218", "test1284", "test2068"),
    "a user's name with CR or LF is refused": ("test1296",),
    "a header whose name has spaces is refused": ("test1294",),
    "a list of lengths that are not written alike is an error": ("test770",),
    "a Location with four slashes names no host": ("test1142",),
    "a host's name with two dots in a row is none": ("test46",),
    "a netrc's log-in waits until the server asks": (
        "test486", "test478", "test682", "test684", "test1672"),
    "cookies go by the URL, whatever Host says": ("test62", "test184", "test1258"),
    "a proxy is greeted with Basic, unasked": ("test168", "test258"),
    "an odd method stays what it is (RFC 9110 section 15.4.3)": ("test794", "test796"),
    "lines of chunks end in CRLF (RFC 9112 section 7.1)": ("test1116",),
    "chunked twice: the body's end is in doubt (RFC 9112 section 6.3)": ("test1482",),
    "identity is no transfer coding any more (RFC 9112 section 7)": ("test1494",),
}
"""Cases where this client does something else, on purpose."""
KNOWN: dict[str, str] = {}
"""Cases that fail today, each with the reason."""

PASSING = 184


def cases() -> list[Any]:
    found = sorted(BASE.glob("test*"), key=lambda path: int(path.name[4:]))
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(
            "corpus transcripts/curl/http is absent (set POSTEL_CORPORA)"))]
    return [pytest.param(path, id=path.name, marks=[pytest.mark.xfail(
        reason=KNOWN[path.name], strict=True)] if path.name in KNOWN else []) for path in found]


@pytest.fixture
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)

    def more(given: dict[str, str]) -> None:
        for name, value in given.items():
            if name.isupper() and name != "LC_ALL":
                monkeypatch.setenv(name, value)

    return more


@pytest.mark.parametrize("path", cases())
def test_http(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
              quiet_environment: Callable[[dict[str, str]], None]) -> None:
    text = path.read_text("latin-1")
    server = Sws("::1" if re.search(r"<server>\s*http-ipv6", text) else "127.0.0.1")
    secure = None
    try:
        ports = dict.fromkeys(("HTTP6PORT", "HTTPPORT", "PROXYPORT"), str(server.port))
        ports["NOLISTENPORT"] = "9"
        if "https" in text:
            secure = Sws(tls=Authority(tmp_path, ("localhost", "127.0.0.1")).server())
            secure.heard = server.heard
            ports["HTTPSPORT"] = str(secure.port)
        case = server.case = curlhttp.read(path, ports, tmp_path)
        if secure is not None:
            secure.case = case
        if reason := next((why for why, names in DIFFERENT.items() if case.name in names), None):
            pytest.skip(f"different on purpose: {reason}")
        if reason := absent(case):
            pytest.skip(f"no counterpart: {reason}")
        monkeypatch.chdir(tmp_path)
        quiet_environment(case.environment)
        for name, data in case.files.items():
            target = tmp_path / Path(name).name if "/" not in name else Path(name)
            if str(target).startswith(str(tmp_path)):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        with ExitStack() as stack:
            player = Player(case, tmp_path, stack)
            if case.error:
                with pytest.raises(ERRORS.get(case.error, (PostelError,))):
                    player.play()
                return
            player.play()
    finally:
        server.close()
        if secure is not None:
            secure.close()
    check(case, player, server.heard)


def test_the_score() -> None:
    """The table of SCORES.md, as the tests above play it."""
    if not (found := sorted(BASE.glob("test*"))):
        pytest.skip("corpus transcripts/curl/http is absent (set POSTEL_CORPORA)")
    different = sum(map(len, DIFFERENT.values()))
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    row = f"| HTTP | {len(found)} | {PASSING} | {len(KNOWN)} | {different} | "
    assert row + f"{len(found) - PASSING - different - len(KNOWN)} |" in scores


def test_every_difference_is_a_case() -> None:
    if not BASE.is_dir():
        pytest.skip("corpus transcripts/curl/http is absent (set POSTEL_CORPORA)")
    for names in DIFFERENT.values():
        assert all((BASE / name).exists() for name in names)
