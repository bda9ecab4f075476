"""DKIM, ARC and SPF against dkimpy, OpenDKIM and pyspf: what one signs the other verifies."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import absent, program

from postel.messages import arc, dkim, spf
from postel.messages.dkim_sign import Signer
from postel.messages.questions import offline

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "messages"))
from dkim_vectors import BRISBANE, ED25519, MADE, RSA, TEST

NAME = "s._domainkey.example.org"
MESSAGES = {
    "plain": b"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: hello\r\n\r\nHi Bob\r\n",
    "folded": b"From: Ann\r\n <ann@example.org>\r\nSubject:  many\t\r\n  spaces \r\nTo: a,\r\n\tb\r\n\r\n"
              b"  a  b \r\n\t\r\n\r\n.\r\n\r\n\r\n",
    "empty": b"From: a@example.org\r\nSubject: x\r\n\r\n",
    "blank lines": b"From: a@example.org\r\nSubject: x\r\n\r\n\r\n \r\n\t\r\n",
    "utf-8": "From: Änn <a@example.org>\r\nSubject: grüße\r\n\r\nüñï \r\n".encode(),
    "repeated": b"Received: 1\r\nReceived: 2\r\nFrom: a@example.org\r\nTo: x\r\nTo: y\r\n\r\nbody\r\n",
    "no last line end": b"From: a@example.org\r\nSubject: x\r\n\r\nno end",
}
FORMS = [("relaxed", "relaxed"), ("relaxed", "simple"), ("simple", "relaxed"), ("simple", "simple")]
KEYS = [("rsa-sha256", RSA, TEST), ("ed25519-sha256", ED25519, BRISBANE)]
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def stranger() -> Iterator[Ask]:
    """dkimpy and pyspf in the system's Python."""
    python = program("python3")
    script = Path(__file__).with_name("strangers") / "mailauth.py"
    probe = subprocess.run(["/usr/bin/python3", "-c", "import dkim, spf, nacl"], capture_output=True,
                           text=True, check=False)
    if probe.returncode:
        absent(f"dkimpy or pyspf is absent: apt-get install python3-dkim python3-spf ({python})")
    with subprocess.Popen(["/usr/bin/python3", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        to, back = process.stdin, process.stdout
        assert to is not None
        assert back is not None

        def ask(kind: str, message: bytes = b"", **more: Any) -> Any:
            question = {"ask": kind, "message": base64.b64encode(message).decode(), **more}
            to.write(json.dumps(question) + "\n")
            to.flush()
            return json.loads(back.readline())

        yield ask
        to.close()


@pytest.mark.parametrize("forms", FORMS, ids="/".join)
@pytest.mark.parametrize(("algorithm", "key", "record"), KEYS, ids=["rsa", "ed25519"])
def test_dkimpy_verifies_what_we_sign(stranger: Ask, forms: tuple[str, str], algorithm: str,
                                      key: str, record: str) -> None:
    signer = Signer("example.org", "s", key, header_form=forms[0], body_form=forms[1])
    for name, message in MESSAGES.items():
        signed = signer.sign(message, now=MADE) + message
        said = stranger("dkim", signed, records={f"TXT {NAME}": [record]})
        assert said == {"results": [True]}, (name, said)
        said = stranger("dkim", signed + b"more\r\n", records={f"TXT {NAME}": [record]})
        assert said == {"results": [False]} or "error" in said, name


@pytest.mark.parametrize("forms", FORMS, ids="/".join)
@pytest.mark.parametrize(("algorithm", "key", "record"), KEYS, ids=["rsa", "ed25519"])
def test_we_verify_what_dkimpy_signs(stranger: Ask, forms: tuple[str, str], algorithm: str,
                                     key: str, record: str) -> None:
    for name, message in MESSAGES.items():
        said = stranger("sign", message, key=key, selector="s", domain="example.org",
                        algorithm=algorithm, forms=forms)
        signed = base64.b64decode(said["message"])
        verdicts = offline(dkim.verify(signed, now=4_000_000_000), {(NAME, "TXT"): [record]})
        assert [one.result for one in verdicts] == ["pass"], (name, verdicts)


def test_chains_of_dkimpy(stranger: Ask) -> None:
    table = {(NAME, "TXT"): [TEST]}
    message = b"Authentication-Results: example.org; spf=pass smtp.mfrom=a@example.org\r\n" + MESSAGES["plain"]
    for count in range(1, 4):
        said = stranger("seal", message, key=RSA, selector="s", domain="example.org")
        assert "message" in said, said
        sealed = base64.b64decode(said["message"])
        at = sealed.index(b"\r\nAuthentication-Results") + 2  # the one before has been sealed
        sealed = sealed[:at] + sealed[sealed.index(b"\r\n", at) + 2 :]
        message = b"Authentication-Results: example.org; arc=pass\r\n" + sealed
        verdict = offline(arc.verify(message), table)
        assert (verdict.result, verdict.instances) == ("pass", count), verdict
        assert stranger("arc", message, records={f"TXT {NAME}": [TEST]}) == {"result": "pass"}
    assert offline(arc.verify(message + b"more\r\n"), table).result == "fail"


@pytest.mark.parametrize("form", ["relaxed", "simple"])
@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "no last line end"])  # it refuses that
def test_we_verify_what_opendkim_signs(name: str, form: str, tmp_path: Path) -> None:
    tool = program("opendkim")
    (tmp_path / "key").write_text(RSA, "ascii")
    (tmp_path / "conf").write_text(
        f"Mode s\nDomain example.org\nSelector s\nKeyFile {tmp_path}/key\nSyslog no\nRequireSafeKeys no\n"
        f"InternalHosts 0.0.0.0/0\nCanonicalization relaxed/{form}\nMinimumKeyBits 512\n", "ascii")
    (tmp_path / "message").write_bytes(MESSAGES[name])
    done = subprocess.run([tool, "-x", tmp_path / "conf", "-t", tmp_path / "message"],
                          capture_output=True, check=True, timeout=30)
    assert b"DKIM-Signature:" in done.stdout, done.stdout + done.stderr
    field = done.stdout[done.stdout.index(b"DKIM-Signature:"):].rstrip()
    signed = b"\r\n".join([*field.splitlines(), MESSAGES[name]])
    verdicts = offline(dkim.verify(signed, now=4_000_000_000), {(NAME, "TXT"): [TEST]})
    assert [one.result for one in verdicts] == ["pass"], verdicts


def test_the_list_messages_signed_by_us_verified_by_dkimpy(stranger: Ask, corpora: Callable[[str], Path]) -> None:
    import tarfile

    signer = Signer("example.org", "s", ED25519)
    with tarfile.open(corpora("bulk/mailing-list-usrp-users.tar.xz")) as archive:
        members = [one for one in archive if one.isfile()][::25]
        for member in members:
            file = archive.extractfile(member)
            assert file is not None
            message = file.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            signed = signer.sign(message, now=MADE) + message
            said = stranger("dkim", signed, records={f"TXT {NAME}": [BRISBANE]})
            assert said.get("results", [False])[0] is True, (member.name, said)
            table = {(NAME, "TXT"): [BRISBANE]}
            assert offline(dkim.verify(signed, now=MADE), table)[0].result == "pass"


TERMS = ["a", "mx", "ptr", "all", "ip4:192.0.2.1", "ip4:192.0.2.0/28", "ip6:2001:db8::/32", "a:x.example.org",
         "mx/28", "a/24//64", "include:i.example.org", "include:none.example.org", "exists:%{ir}.e.example.org",
         "exists:%{l}.e.example.org", "redirect=r.example.org", "exp=why.example.org", "a:%{d2}", "foo=bar",
         "mx:x.example.org//64", "ip4:192.0.2.300", "a:", "include:", "a:%{z}.org", "unknown", "a:x.example.org/33",
         "redirect=none.example.org", "exists:nix.example.org", "a:nix1.example.org", "mx:nix2.example.org"]
RECORDS = {
    "A example.org": ["192.0.2.1", "192.0.2.2"], "AAAA example.org": ["2001:db8::1"],
    "MX example.org": ["x.example.org", "y.example.org"], "A x.example.org": ["192.0.2.20"],
    "AAAA x.example.org": ["2001:db8:1::1"], "A y.example.org": ["192.0.2.33"],
    "TXT i.example.org": ["v=spf1 ip4:192.0.2.20 ?all"], "TXT r.example.org": ["v=spf1 ip4:192.0.2.33 ~all"],
    "A ann.e.example.org": ["127.0.0.2"], "A 20.2.0.192.e.example.org": ["127.0.0.2"],
    "TXT why.example.org": ["go away"],
}


def test_random_records_mean_the_same_to_pyspf(stranger: Ask) -> None:
    dice = random.Random(7208)
    table = {(name, kind): texts for key, texts in RECORDS.items() for kind, _, name in [key.partition(" ")]}
    counted: dict[str, int] = {}
    for _ in range(1_500):
        words = [dice.choice(["", "", "", "-", "~", "?", "+"]) + dice.choice(TERMS)
                 for _ in range(dice.randrange(1, 6))]
        record = " ".join(["v=spf1", *words])
        address = dice.choice(["192.0.2.1", "192.0.2.20", "192.0.2.33", "198.51.100.7", "2001:db8::1",
                               "2001:db8:1::1"])
        sender = dice.choice(["ann@example.org", "bob@example.org"])
        mine = offline(spf.check(address, sender, "mail.example.org", receiver="mx.example.net"),
                       {**table, ("example.org", "TXT"): [record]})
        theirs = stranger("spf", ip=address, sender=sender, helo="mail.example.org",
                          records={**RECORDS, "TXT example.org": [record]})
        assert mine.result == theirs.get("result"), (record, address, sender, mine, theirs)
        counted[mine.result] = counted.get(mine.result, 0) + 1
    assert len(counted) >= 5, counted
