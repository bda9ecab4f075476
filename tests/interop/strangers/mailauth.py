"""dkimpy and pyspf, asked by JSON lines: run by the system's Python, whose packages they are.

Each line is a question {"ask": "dkim" | "arc" | "sign" | "seal" | "spf", ...}; each answer a line.
`records` are those of the DNS, by "KIND name".
"""

import base64
import json
import sys

import dkim
import spf

RECORDS = {}


def text(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    found = RECORDS.get("TXT " + name.rstrip(".").lower(), [])
    return found[0].encode() if found else None


def lookup(name, kind, strict=True, timeout=20):
    found = RECORDS.get(kind + " " + name.rstrip(".").lower(), [])
    if kind == "PTR":
        return [((name, kind), one) for one in found]
    if kind == "MX":
        return [((name, kind), (10 + rank, one)) for rank, one in enumerate(found)]
    if kind in ("TXT", "SPF"):
        return [((name, kind), (one.encode(),)) for one in found]
    return [((name, kind), one) for one in found]


def answer(asked):
    RECORDS.clear()
    RECORDS.update(asked.get("records", {}))
    kind = asked["ask"]
    if kind == "spf":
        spf.DNSLookup = lookup
        found = spf.check2(i=asked["ip"], s=asked["sender"], h=asked["helo"], receiver="mx.example.net")
        return {"result": found[0], "reason": found[1]}
    raw = base64.b64decode(asked["message"])
    if kind == "dkim":
        one = dkim.DKIM(raw)
        count = len([1 for name, _ in one.headers if name.lower() == b"dkim-signature"])
        return {"results": [bool(dkim.DKIM(raw).verify(n, dnsfunc=text)) for n in range(count)]}
    if kind == "arc":
        return {"result": dkim.arc_verify(raw, dnsfunc=text)[0].decode().lower()}
    key = asked["key"].encode()
    if kind == "sign":
        forms = tuple(one.encode() for one in asked["forms"])
        field = dkim.sign(raw, asked["selector"].encode(), asked["domain"].encode(), key,
                          canonicalize=forms, signature_algorithm=asked["algorithm"].encode())
        return {"message": base64.b64encode(field + raw).decode()}
    fields = dkim.arc_sign(raw, asked["selector"].encode(), asked["domain"].encode(), key,
                           asked["domain"].encode(), timestamp="1528637909")
    return {"message": base64.b64encode(b"".join(fields) + raw).decode()}


for line in sys.stdin:
    try:
        said = answer(json.loads(line))
    except Exception as error:
        said = {"error": type(error).__name__ + ": " + str(error)}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
