# GENERATED from test_ftp_data_async.py by tools/unasync.py: edit that file, not this one.
"""How data connections are opened, what proves that all came, and what ends them early."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from scripted_peer import FTPPeer, Line

from postel.errors import (
    AuthenticationError,
    BusyError,
    ConnectionLost,
    Forbidden,
    Incomplete,
    LimitReached,
    NetworkError,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TimedOut,
    TryLater,
    UsageError,
)
from postel.ftp.client_sync import Client
from postel.session.files_sync import Watch
from postel.transport.clock_sync import now
from postel.transport.proxies import Proxy
from postel.transport.proxy_sync import ProxyConnector

BODY = bytes(range(256)) * 40


def client(peer: Any, **keywords: Any) -> Client:
    return Client(f"ftp://127.0.0.1:{peer.port}", timeout=5.0, **keywords)


def content(site: Client, path: str, **keywords: Any) -> bytes:
    with site.retr(path, **keywords) as body:
        return b"".join([bytes(chunk) for chunk in body])


# -- opening -------------------------------------------------------------------------------


def test_epsv_refused_then_pasv_and_remembered() -> None:
    with FTPPeer({"EPSV": b"500 what\r\n"}, files={"a": BODY}) as peer:
        with client(peer) as site:
            assert content(site, "a") == BODY
            assert content(site, "a") == BODY
        with client(peer) as site:
            assert content(site, "a") == BODY
    assert (peer.verbs.count("EPSV"), peer.verbs.count("PASV")) == (1, 3)


def test_epsv_port_that_cannot_be_reached() -> None:
    with FTPPeer({"EPSV": b"229 go (|||1|)\r\n"}, files={"a": BODY}) as peer:
        with client(peer) as site:
            assert content(site, "a") == BODY
            assert not site.learned.epsv
            assert content(site, "a") == BODY
    assert peer.verbs.count("EPSV") == 1


def test_the_address_in_a_pasv_reply_is_ignored() -> None:
    with FTPPeer({"EPSV": b"500 no\r\n"}, files={"a": BODY}) as peer:
        peer.answers[b"PASV"] = lambda line, _: peer.do_pasv(line, "", b"10,0,0,1")
        with client(peer) as site:
            assert content(site, "a") == BODY


@pytest.mark.parametrize("answer", [
    b"227 go 300,0,0,1,4,5\r\n", b"227 nothing\r\n", b"227 go (127,0,0,1,0,0)\r\n"])
def test_pasv_replies_that_lead_nowhere(answer: bytes) -> None:
    with FTPPeer({"EPSV": b"500 no\r\n", "PASV": answer}) as peer:
        site = client(peer)
        site.open()
        with pytest.raises(ProtocolError, match="PASV"):
            content(site, "a")


@pytest.mark.parametrize("answer", [
    b"229 (|||99999|)\r\n", b"229 (|||0|)\r\n", b"229 (||||)\r\n", b"229 go\r\n"])
def test_epsv_replies_that_lead_nowhere(answer: bytes) -> None:
    with FTPPeer({"EPSV": answer}) as peer:
        site = client(peer)
        site.open()
        with pytest.raises(ProtocolError, match="EPSV: no port"):
            content(site, "a")


def test_both_passive_words_refused() -> None:
    with FTPPeer({"EPSV": b"500 no\r\n", "PASV": b"502 no\r\n"}) as peer:
        with client(peer) as site:
            with pytest.raises(NotSupported, match="PASV"):
                content(site, "a")
            site.noop()


def test_not_logged_in_is_no_reason_for_pasv() -> None:
    with FTPPeer({"EPSV": b"530 log in\r\n"}) as peer:
        with client(peer) as site:
            with pytest.raises(AuthenticationError):
                content(site, "a")
            assert site.learned.epsv


@pytest.mark.parametrize("eprt", [None, b"500 no\r\n"])
def test_active_mode(eprt: bytes | None) -> None:
    with FTPPeer({"EPRT": eprt} if eprt else {}, files={"a": BODY, "b": b""}) as peer:
        site = client(peer)
        site.active = True
        with site:
            assert content(site, "a") == BODY
            assert content(site, "b") == b""
            with site.stor("c") as sink:
                sink.send(b"new")
            assert sorted([e.name for e in site.list()]) == ["a", "b", "c"]
    assert peer.files["c"] == b"new"
    assert ("PORT" in peer.verbs) == (eprt is not None)
    assert "EPSV" not in peer.verbs


def test_active_mode_refused() -> None:
    with FTPPeer({"EPRT": b"500 no\r\n", "PORT": b"500 never\r\n"}) as peer:
        site = client(peer)
        site.active = True
        with site:
            with pytest.raises(NotSupported, match="PORT"):
                content(site, "a")


@pytest.mark.parametrize(("late", "kind"), [
    (b"425 cannot reach you\r\n", TryLater), (b"421 going down\r\n", ConnectionLost)])
def test_active_mode_when_the_server_cannot_call(late: bytes, kind: type[Exception]) -> None:
    def retr(line: Line, _: str) -> None:
        line.say(b"150 I shall call\r\n")
        line.say(late)

    with FTPPeer({"RETR": retr}) as peer:
        site = client(peer)
        site.active = True
        with site:
            began = now()
            with pytest.raises(kind, match=late.decode()[:3]):
                content(site, "a")
            assert now() - began < 5


def test_active_mode_is_not_for_proxies() -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        site = client(peer)
        site.active = True
        with site:
            site._connector = ProxyConnector(proxy=Proxy("socks5h", "127.0.0.1", 1))
            with pytest.raises(UsageError, match="a proxy lets no call in") as caught:
                content(site, "a")
            assert "passive mode" in caught.value.hint
            assert "EPRT" not in peer.verbs


def test_a_folder_that_is_not_told() -> None:
    with FTPPeer({"PWD": b"257 somewhere\r\n"}) as peer:
        with client(peer) as site:
            with pytest.raises(ProtocolError, match="PWD: a path in quotes was due"):
                site.pwd()


def test_a_transfer_that_is_stopped_before_it_begins() -> None:
    """The server waits for a data connection, and would hear no command before there is one."""
    with FTPPeer(files={"slow": BODY, "a": b"next"}) as peer:
        with client(peer) as site:
            assert content(site, "a") == b"next"  # data connections work: it asks ahead
            first, second = site.retr("slow"), site.retr("slow")
            for ahead in (first, second):
                ahead._transfer.ask_ahead()
            site.files._leave([first, second])
            site._flush()
            assert content(site, "a") == b"next"
            assert peer.verbs.count("RETR") == 4
            assert content(site, "slow") == BODY


# -- REST ----------------------------------------------------------------------------------


def test_reading_from_an_offset() -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            assert content(site, "a", offset=1000) == BODY[1000:]
            assert content(site, "a") == BODY
    assert b"REST 1000" in peer.commands


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("answer", [b"502 no REST\r\n", b"550 no REST\r\n", b"451 not now\r\n"])
def test_offset_refused(answer: bytes, level: int) -> None:
    with FTPPeer({"REST": answer}, files={"a": BODY}) as peer:
        with client(peer) as site:
            site.learned.level = level
            with pytest.raises(NotSupported, match="REST 1000"):
                content(site, "a", offset=1000)
            assert content(site, "a") == BODY


def test_writing_from_an_offset_and_appending() -> None:
    with FTPPeer(files={"a": b"12345"}) as peer:
        with client(peer) as site:
            with site.stor("a", offset=3) as sink:
                sink.send(b"xyz")
            with site.appe("a") as sink:
                sink.send(b"!")
    assert peer.files["a"] == b"123xyz!"


def test_a_name_of_the_servers_choosing() -> None:
    with FTPPeer() as peer:
        with client(peer) as site:
            with site.stou() as sink:
                sink.send(b"data")
            assert sink.name == "unique.1"
    assert peer.files["unique.1"] == b"data"


def test_text_mode() -> None:
    with FTPPeer(files={"a": b"x\r\n"}) as peer:
        with client(peer) as site:
            assert content(site, "a", text=True) == b"x\r\n"
            with site.stor("b", text=True) as sink:
                sink.send(b"y\r\n")
            assert content(site, "a") == b"x\r\n"
    types = [c for c in peer.commands if c.startswith(b"TYPE")]
    assert types == [b"TYPE I", b"TYPE A", b"TYPE I"]


# -- MODE Z --------------------------------------------------------------------------------


def test_mode_z_both_ways_and_in_listings() -> None:
    peer = FTPPeer({"MODE": b"200 ok\r\n"})
    big = b"a" * 9_000_000  # a thousandth of that on the wire
    peer.answers[b"RETR"] = lambda line, _: peer.give(line, zlib.compress(big))
    row = b"type=file;size=1; x\r\n"
    peer.answers[b"MLSD"] = lambda line, _: peer.give(line, zlib.compress(row))
    with peer:
        with client(peer) as site:
            site.mode("Z")
            assert content(site, "a") == big
            with site.stor("b") as sink:
                sink.send(b"hello ")
                sink.send(b"world")
            assert [e.name for e in site.list()] == ["x"]
    assert zlib.decompress(peer.files["b"]) == b"hello world"


@pytest.mark.parametrize("data", [zlib.compress(BODY)[:-20], b"no zlib at all"])
def test_mode_z_broken_off(data: bytes) -> None:
    peer = FTPPeer({"MODE": b"200 ok\r\n"})
    peer.answers[b"RETR"] = lambda line, _: peer.give(line, data)
    with peer:
        with client(peer) as site:
            site.mode("Z")
            with pytest.raises(Incomplete, match="MODE Z"):
                content(site, "a")
            site.noop()


# -- the end of a download -----------------------------------------------------------------

ENDS = [
    pytest.param({"end": b"426 aborted\r\n"}, "426 aborted", id="426"),
    pytest.param({"end": b"451 read error\r\n"}, "451 read error", id="451"),
    pytest.param({"end": b"425 lost\r\n"}, "425 lost", id="425"),
    pytest.param({"begin": b"150 go (20000 bytes)\r\n"}, "20,000 were announced", id="226 short"),
    pytest.param({"begin": b"150 go (5 bytes)\r\n"}, "5 were announced", id="226 long"),
    pytest.param({"reset": True, "end": b"426 broken\r\n"}, "cut after .* 426 broken", id="reset"),
]


@pytest.mark.parametrize(("how", "words"), ENDS)
def test_not_all_came(how: dict[str, Any], words: str) -> None:
    peer = FTPPeer()
    peer.answers[b"RETR"] = lambda line, _: peer.give(line, BODY, **how)
    with peer:
        with client(peer) as site:
            with pytest.raises(Incomplete, match=words) as caught:
                content(site, "a")
            assert caught.value.exit_code == 6
            with pytest.raises(Incomplete):
                with site.retr("a") as body:
                    body.save(io.BytesIO(), Watch())
            site.noop()


def test_refused_after_the_data() -> None:
    peer = FTPPeer()
    peer.answers[b"RETR"] = lambda line, _: peer.give(line, BODY, end=b"550 denied\r\n")
    with peer:
        with client(peer) as site:
            with pytest.raises(Forbidden, match="550 denied"):
                content(site, "a")


def test_control_connection_dies_while_data_flow() -> None:
    peer = FTPPeer()

    def dies(line: Any, _: str) -> None:
        peer.give(line, BODY, end=None)
        line.close()

    peer.answers[b"RETR"] = dies
    with peer:
        site = client(peer)
        site.open()
        with pytest.raises(ConnectionLost):
            content(site, "a")
        assert not site.is_open


def test_421_instead_of_226() -> None:
    peer = FTPPeer()
    peer.answers[b"RETR"] = lambda line, _: peer.give(line, BODY, end=b"421 shutdown\r\n")
    with peer:
        site = client(peer)
        site.open()
        with pytest.raises(ConnectionLost, match="421 shutdown"):
            content(site, "a")


def test_the_data_connection_falls_silent() -> None:
    peer = FTPPeer()

    def silent(line: Any, _: str) -> None:
        line.say(b"150 go\r\n")
        line.kept = peer.connect(line)
        line.kept.sendall(b"some")

    peer.answers[b"RETR"] = silent
    with peer:
        site = client(peer)
        site.open()
        site.timeout = 0.2
        with pytest.raises(TimedOut):
            content(site, "a")
        assert not site.is_open
        peer.lines[0].kept.close()  # type: ignore[attr-defined]


def test_150_without_bytes_in_brackets_and_a_size_in_the_name() -> None:
    peer = FTPPeer()
    peer.answers[b"RETR"] = lambda line, _: peer.give(
        line, BODY, begin=b"150 Opening a (213.5 kbytes)\r\n")
    with peer:
        with client(peer) as site:
            assert content(site, "a") == BODY


def test_absurd_announcements_are_no_proof() -> None:
    peer = FTPPeer()
    peer.answers[b"RETR"] = lambda line, _: peer.give(
        line, BODY, begin=b"150 go (99999999999999999999 bytes)\r\n")
    with peer:
        with client(peer) as site:
            assert content(site, "a") == BODY


def test_transfer_refused() -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            for _ in range(2):  # the second time commands come together
                with pytest.raises(NotFound):
                    content(site, "gone")
                assert content(site, "a") == BODY


def test_empty_listing_answered_without_a_150() -> None:
    peer = FTPPeer()

    def empty(line: Any, _: str) -> bytes:
        peer.connect(line).close()
        return b"226 nothing here\r\n"

    peer.answers[b"MLSD"] = empty
    with peer:
        with client(peer) as site:
            assert [e for e in site.list()] == []
            site.noop()


# -- the end of an upload ------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "error"), [
    (b"552 quota\r\n", NoSpace), (b"451 disk trouble\r\n", TryLater),
    (b"553 not there\r\n", Forbidden)])
def test_upload_not_kept(answer: bytes, error: type[PostelError]) -> None:
    peer = FTPPeer()

    def refuse(line: Any, _: str) -> bytes:
        peer.take(line)
        return answer

    peer.answers[b"STOR"] = refuse
    with peer:
        with client(peer) as site:
            with pytest.raises(error):
                with site.stor("a") as sink:
                    sink.send(b"data")
            site.noop()


def test_upload_cut_short_by_the_server_tells_why() -> None:
    peer = FTPPeer()

    def full(line: Any, _: str) -> bytes:
        line.say(b"150 go\r\n")
        with peer.connect(line) as sock:
            sock.recv(10)
        return b"552 disk full\r\n"

    peer.answers[b"STOR"] = full
    with peer:
        with client(peer) as site:
            with pytest.raises(NoSpace, match="552 disk full"):
                with site.stor("a") as sink:
                    for _ in range(200):
                        sink.send(bytes(262_144))
            site.noop()


def test_upload_refused() -> None:
    with FTPPeer({"STOR": b"553 no\r\n"}) as peer:
        with client(peer) as site:
            with pytest.raises(Forbidden):
                with site.stor("a") as sink:
                    sink.send(b"x")
            site.noop()


def test_upload_given_up_in_the_block() -> None:
    with FTPPeer() as peer:
        with client(peer) as site:
            with pytest.raises(KeyError):
                with site.stor("a") as sink:
                    sink.send(b"x")
                    raise KeyError
            site.noop()


# -- NOOP, ABOR, STAT ----------------------------------------------------------------------


@pytest.mark.parametrize("order", [
    (b"226 done\r\n", b"200 noop\r\n"), (b"200 noop\r\n", b"226 done\r\n"),
    (b"500 noop?\r\n", b"226 done\r\n"), (b"226 done\r\n", b"500 noop?\r\n")])
def test_replies_to_keep_alives_may_overtake(order: tuple[bytes, ...]) -> None:
    peer = FTPPeer()

    def slow(line: Any, _: str) -> None:
        line.say(b"150 go\r\n")
        with peer.connect(line) as sock:
            sock.sendall(BODY)
            assert line.hear() == b"NOOP"
        line.say(b"".join(order))

    peer.answers[b"RETR"] = slow
    with peer:
        with client(peer) as site:
            site.keep_alive = -1.0  # type: ignore[misc]
            site._spoken = 0.0
            with site.retr("a") as body:
                got = [bytes(chunk) for chunk in _once(site, body)]
            assert b"".join(got) == BODY
            assert site.quote("PWD")
            assert site._noop_ok is (b"500" not in b"".join(order))


def _once(site: Client, body: Any) -> Any:
    """One keep-alive only: the script waits for one."""
    keep = site._keep_alive

    def once() -> None:
        keep()
        site.keep_alive = 1e9  # type: ignore[misc]

    site._keep_alive = once  # type: ignore[method-assign]
    return body


@pytest.mark.parametrize("answers", [
    b"426 stopped\r\n226 abor done\r\n", b"226 had ended\r\n225 abor\r\n"])
def test_abor(answers: bytes) -> None:
    peer = FTPPeer(files={"b": b"fine"})
    plain = peer.do_retr

    def endless(line: Any, path: str) -> None:
        if path == "b":
            return plain(line, path)
        line.say(b"150 go\r\n")
        sock = peer.connect(line)
        sock.sendall(BODY)
        assert line.hear() == b"\xff\xf4\xff\xf2ABOR"
        sock.close()
        line.say(answers)
        return None

    peer.answers[b"RETR"] = endless
    with peer:
        with client(peer) as site:
            with site.retr("a") as body:
                for _ in body:
                    break
                site.abor()
            site.noop()
            assert content(site, "b") == b"fine"


def test_abor_of_a_listing() -> None:
    peer = FTPPeer()

    def endless(line: Any, _: str) -> None:
        line.say(b"150 go\r\n")
        sock = peer.connect(line)
        sock.sendall(b"type=file; a\r\n")
        line.hear()
        sock.close()
        line.say(b"426 stopped\r\n226 abor done\r\n")

    peer.answers[b"MLSD"] = endless
    with peer:
        with client(peer) as site:
            rows = site.list()
            for _ in rows:
                break
            site.abor()
            assert [e for e in rows] == []
            site.noop()


# -- listings ------------------------------------------------------------------------------

UNIX = b"-rw-r--r-- 1 a b 5 Jan  2 05:04 a\r\ndrwxr-xr-x 2 a b 4096 Jan  2  2024 d\r\n"
NO_MLST = b"211-\r\n MDTM\r\n SIZE\r\n211 end\r\n"


def listing(peer: FTPPeer, data: bytes, **how: Any) -> Callable[[Any, str], None]:
    return lambda line, _: peer.give(line, data, **how)


def test_list_where_there_is_no_mlsd_with_the_zone_measured() -> None:
    peer = FTPPeer({"FEAT": NO_MLST})
    peer.answers[b"LIST"] = listing(peer, UNIX)
    with peer:
        with client(peer) as site:
            first = [e for e in site.list()]
            mdtm = first[0].modified
            assert mdtm is not None
            # the year is the parser's guess: the server's clock must agree with it
            peer.answers[b"MDTM"] = b"213 %d0102030400\r\n" % mdtm.year
            site.learned.zone = None
            entries = [e for e in site.list()]
            assert site.learned.zone == 7200.0
            assert [e.name for e in entries] == ["a", "d"]
            assert entries[0].modified is not None
            assert entries[0].modified.utcoffset() is not None
            assert [e.name for e in site.list()] == ["a", "d"]
    assert peer.verbs.count("MDTM") == 2
    assert b"LIST -a" in peer.commands


@pytest.mark.parametrize("answer", [
    b"213 19700101000000\r\n", b"213 \r\n", b"213 soon\r\n", b"550 no\r\n",
    b"213 99991231235959\r\n"])
def test_a_zone_that_cannot_be_measured(answer: bytes) -> None:
    peer = FTPPeer({"FEAT": NO_MLST, "MDTM": answer})
    peer.answers[b"LIST"] = listing(peer, UNIX)
    with peer:
        with client(peer) as site:
            assert [e.name for e in site.list()] == ["a", "d"]
            assert site.learned.zone == 0.0


def test_names_that_no_command_can_carry_are_not_asked_about() -> None:
    peer = FTPPeer({"FEAT": NO_MLST})
    peer.answers[b"LIST"] = listing(peer, b"-rw-r--r-- 1 a b 5 Jan  2 05:04 a\0b\r\n"
                                    b"-rw-r--r-- 1 a b 5 Jan  2 05:04 c\rd\r\n")
    with peer:
        with client(peer) as site:
            assert [e.name for e in site.list()] == ["a\0b", "c\rd"]


def test_dash_a_refused() -> None:
    peer = FTPPeer({"FEAT": NO_MLST})

    def strict(line: Any, path: str) -> bytes | None:
        if path.startswith("-a"):
            return b"550 -a: no such file\r\n"
        return peer.give(line, UNIX)

    peer.answers[b"LIST"] = strict
    with peer:
        with client(peer) as site:
            assert [e.name for e in site.list("pub")] == ["a", "d"]
    assert b"LIST pub" in peer.commands


def test_mlsd_promised_and_not_kept() -> None:
    peer = FTPPeer({"MLSD": b"500 what\r\n", "MDTM": b"550 no\r\n"})
    peer.answers[b"LIST"] = listing(peer, UNIX)
    with peer:
        with client(peer) as site:
            assert [e.name for e in site.list()] == ["a", "d"]
            assert [e.name for e in site.list()] == ["a", "d"]
    assert peer.verbs.count("MLSD") == 1


@pytest.mark.parametrize("how", [
    {"end": b"426 cut\r\n"}, {"end": b"451 cut\r\n"}, {"reset": True, "end": b"426 cut\r\n"}])
@pytest.mark.parametrize("verb", ["MLSD", "LIST", "NLST"])
def test_listing_cut_short(verb: str, how: dict[str, Any]) -> None:
    peer = FTPPeer({"FEAT": NO_MLST} if verb == "LIST" else {})
    peer.answers[verb.encode()] = listing(peer, b"type=file; a\r\n" * 9, **how)
    with peer:
        with client(peer) as site:
            with pytest.raises(Incomplete, match="cut short"):
                _ = [e for e in (site.nlst() if verb == "NLST" else site.list())]
            site.noop()


def test_nlst_takes_blank_lines_and_no_files_found() -> None:
    peer = FTPPeer()

    def rows(line: Any, _: str) -> None:
        line.say(b"150 go\r\n")
        with peer.connect(line) as sock:
            for part in (b"\r\n", b"a\r\n", b"\r\n", b"b\r\n"):
                sock.sendall(part)
        line.say(b"226 done\r\n")

    peer.answers[b"NLST"] = [rows, b"550 No files found\r\n"]
    with peer:
        with client(peer) as site:
            assert [n for n in site.nlst()] == ["a", "b"]
            assert [n for n in site.nlst()] == []


def test_a_line_without_end() -> None:
    peer = FTPPeer()
    peer.answers[b"MLSD"] = listing(peer, b"x" * 500_000)
    with peer:
        site = client(peer)
        site.open()
        with pytest.raises(ProtocolError, match="a line of over"):
            _ = [e for e in site.list()]
        assert not site.is_open


def test_a_listing_over_the_limit() -> None:
    peer = FTPPeer()
    peer.answers[b"MLSD"] = listing(peer, b"type=file; a\r\n" * 90_000)
    with peer:
        with client(peer) as site:
            site.largest_listing = 100_000
            with pytest.raises(LimitReached, match="listing of over"):
                _ = [e for e in site.list()]
            site.noop()


# -- one connection, one rule --------------------------------------------------------------


def test_a_listing_settles_when_another_command_comes() -> None:
    files = {f"f{n:04}": b"x" for n in range(3_000)}
    with FTPPeer(files=files) as peer:
        with client(peer) as site:
            seen = []
            for entry in site.list():
                if len(seen) % 1_000 == 0:
                    assert content(site, entry.name) == b"x"
                seen.append(entry.name)
            assert seen == sorted(files)


def test_a_loop_left_early_costs_nothing() -> None:
    files = {f"f{n:04}": b"x" for n in range(3_000)}
    with FTPPeer(files=files) as peer:
        with client(peer) as site:
            for _ in site.list():
                break
            site.noop()
            with site.list() as rows:
                for _ in rows:
                    break
            with site.nlst() as names:
                for _ in names:
                    break
            site.noop()
            assert content(site, "f0001") == b"x"


def test_a_body_refuses_other_commands() -> None:
    with FTPPeer(files={"a": bytes(3_000_000)}) as peer:
        with client(peer) as site:
            with site.retr("a") as body:
                with pytest.raises(BusyError, match="RETR a is still being read"):
                    site.noop()
                with pytest.raises(BusyError):
                    _ = [e for e in site.list()]
                for _ in body:
                    with pytest.raises(BusyError):
                        site.pwd()
                    break
            site.noop()
            with site.stor("b") as sink:
                with pytest.raises(BusyError, match="STOR b is still being written"):
                    site.noop()
                sink.send(b"all")
            site.noop()
    assert peer.files["b"] == b"all"


def test_a_body_left_early() -> None:
    peer = FTPPeer(files={"b": b"fine"})
    plain = peer.do_retr

    def big(line: Any, path: str) -> None:
        if path == "b":
            return plain(line, path)
        return peer.give(line, bytes(20_000_000), end=b"426 you left\r\n")

    peer.answers[b"RETR"] = big
    with peer:
        with client(peer) as site:
            with site.retr("a") as body:
                for _ in body:
                    break
            assert content(site, "b") == b"fine"
            with site.retr("a"):
                pass
            assert content(site, "b") == b"fine"


def test_a_time_limit_for_the_whole_of_it() -> None:
    with FTPPeer({"NOOP": None}) as peer:
        site = client(peer)
        site.open()
        with pytest.raises((TimedOut, NetworkError)):
            site.noop(timeout=0.1)


def test_reply_errors_leave_the_loop_usable() -> None:
    with FTPPeer({"MLSD": b"550 denied\r\n"}) as peer:
        with client(peer) as site:
            rows = site.list("x")
            with pytest.raises(ReplyError):
                _ = [e for e in rows]
            assert [e for e in rows] == []
            site.noop()
