"""``postel mail check``: a table for people, lines of JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

from postel import lab

Run = Callable[..., Result]


def prepare(here: lab.Lab) -> None:
    domain = here.domain
    here.dns.add(domain, "TXT", "v=spf1 mx -all")


def test_a_table(here: lab.Lab, postel: Run) -> None:
    prepare(here)
    shown = postel("mail", "check", here.domain, code=1).stdout
    assert "SPF       ok    one record, 1 of 10 questions" in shown
    assert "DMARC     BAD   it has no record" in shown
    assert f'_dmarc.{here.domain}. TXT "v=DMARC1; p=none; rua=' in shown
    here.dns.add(f"_dmarc.{here.domain}", "TXT", "v=DMARC1; p=reject")
    postel("mail", "check", here.domain)


def test_lines_of_json(here: lab.Lab, postel: Run) -> None:
    prepare(here)
    lines = postel("mail", "check", here.domain, "--json", "--no-connect", code=1).stdout.splitlines()
    records = [json.loads(line) for line in lines]
    assert {one["area"] for one in records} == {"MX", "SPF", "DKIM", "DMARC", "MTA-STS", "TLSRPT", "DANE"}
    publish = next(one for one in records if one["area"] == "DMARC")["publish"]
    assert publish[0]["name"] == f"_dmarc.{here.domain}"


def test_another_resolver_and_names_that_are_none(here: lab.Lab, postel: Run) -> None:
    prepare(here)
    where = f"127.0.0.1:{here.dns.port}"
    result = postel("mail", "check", here.domain, "--resolver", where, "--selector", "x", code=1)
    assert "no key at these selectors" in result.stdout
    assert "is not a host name" in postel("mail", "check", "a..b", code=2).stderr


def test_what_others_wrote_is_harmless(here: lab.Lab, postel: Run) -> None:
    prepare(here)
    here.dns.add(f"_dmarc.{here.domain}", "TXT", "v=DMARC1; p=reject; rua=\x1b[31mx")
    shown = postel("mail", "check", here.domain, code=1).stdout
    assert "\x1b[31m" not in shown
    assert "is no address: write mailto:" in shown
