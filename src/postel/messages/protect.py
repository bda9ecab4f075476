"""Where signatures and encryption come in: the containers of RFC 1847. Grammar: pure.

No cryptography is done here. `Message.protect` is a function: it is given the entity that is to be
protected, byte for byte as it will travel, asks whatever can sign or encrypt (gpg, openssl, a
card), and returns one of these.
"""

from __future__ import annotations

from ..errors import UsageError
from .codecs import base64

__all__ = ["encrypted", "enveloped", "signed"]


def signed(entity: bytes, signature: bytes, *, protocol: str, micalg: str, unique: str) -> bytes:
    """A ``multipart/signed``: the entity untouched, then its signature.

    Args:
        entity: what was signed, as it was given.
        signature: detached: armoured for PGP (RFC 3156), DER for S/MIME (RFC 8551).
        protocol: ``application/pgp-signature`` or ``application/pkcs7-signature``.
        micalg: ``pgp-sha256``, ``sha-256`` …
        unique: letters and digits that make the boundary.

    Example:
        >>> made = signed(b"Content-Type: text/plain\\r\\n\\r\\nHi\\r\\n", b"SIG",
        ...               protocol="application/pgp-signature", micalg="pgp-sha256", unique="x1")
        >>> made.count(b"--=_x1_signed")
        3
    """
    kind, name = (("application/pgp-signature", "signature.asc") if "pgp" in protocol
                  else ("application/pkcs7-signature", "smime.p7s"))
    boundary = _boundary(unique, "signed", entity)
    if signature.isascii() and b"\0" not in signature and "pgp" in protocol:
        body, encoding = signature.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), b"7bit"
    else:
        body, encoding = base64.encode(signature), b"base64"
    line = b"--" + boundary
    return (b'Content-Type: multipart/signed; protocol="%s";\r\n micalg=%s; boundary="%s"\r\n\r\n'
            % (_word(protocol), _word(micalg), boundary)
            + line + b"\r\n" + entity + b"\r\n" + line
            + b"\r\nContent-Type: %s; name=%s\r\nContent-Disposition: attachment; filename=%s\r\n"
              b"Content-Transfer-Encoding: %s\r\n\r\n"
            % (kind.encode(), name.encode(), name.encode(), encoding)
            + body.rstrip(b"\r\n") + b"\r\n" + line + b"--\r\n")


def encrypted(data: bytes, *, unique: str) -> bytes:
    """A ``multipart/encrypted`` of PGP/MIME (RFC 3156 section 4).

    Args:
        data: the armoured message.
        unique: letters and digits that make the boundary.

    Example:
        >>> encrypted(b"-----BEGIN PGP MESSAGE-----", unique="x1").count(b"--=_x1_encrypted")
        3
    """
    boundary = _boundary(unique, "encrypted", data)
    line = b"--" + boundary
    text = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").rstrip(b"\r\n")
    return (b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n'
            b' boundary="%s"\r\n\r\n' % boundary + line
            + b"\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n" + line
            + b"\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n"
              b"Content-Disposition: inline; filename=encrypted.asc\r\n\r\n"
            + text + b"\r\n" + line + b"--\r\n")


def enveloped(data: bytes, *, kind: str = "enveloped-data") -> bytes:
    """An S/MIME entity (RFC 8551 section 3.3): ``application/pkcs7-mime``.

    Args:
        data: CMS in DER.
        kind: ``enveloped-data``, ``authEnveloped-data`` or ``signed-data``.

    Example:
        >>> enveloped(b"DER").splitlines()[0]
        b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data;'
    """
    return (b"Content-Type: application/pkcs7-mime; smime-type=%s;\r\n name=smime.p7m\r\n"
            b"Content-Disposition: attachment; filename=smime.p7m\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" % _word(kind) + base64.encode(data))


def _boundary(unique: str, use: str, *contents: bytes) -> bytes:
    boundary = b"=_%s_%s" % (_word(unique), use.encode("ascii"))
    while any(b"--" + boundary in one for one in contents):
        boundary += b"x"
    return boundary


def _word(text: str) -> bytes:
    if not text.isascii() or not text.replace("-", "").replace("/", "").replace(".", "").isalnum():
        raise UsageError(f"protect '{text!r}': letters, digits, hyphens")
    return text.encode("ascii")
