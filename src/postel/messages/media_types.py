"""MIME types: by name, by content, and by the system's own tables once they were read.

Grammar. The names are those that IANA has registered: JavaScript is ``text/javascript`` (RFC
9239), gzip ``application/gzip`` (RFC 6713), fonts have a type of their own (RFC 8081). Names that
other tables still use are put right by `preferred`. What the content says goes before what the
name says where the two kinds cannot be mistaken, and a name that ends in nothing known is bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["UNKNOWN", "extension_of", "preferred", "read_globs", "read_table", "sniffed", "type_of"]

UNKNOWN = "application/octet-stream"
"""What nothing is known of."""

_BY_TYPE = """
application/atom+xml atom | application/epub+zip epub | application/gzip gz tgz
application/java-archive jar | application/json json map | application/ld+json jsonld
application/manifest+json webmanifest | application/mbox mbox | application/msword doc dot
application/pdf pdf | application/pgp-encrypted pgp | application/pgp-keys key
application/pgp-signature asc sig | application/pkcs7-mime p7m p7c | application/pkcs7-signature p7s
application/pkix-cert cer | application/postscript ps eps ai | application/rss+xml rss
application/rtf rtf | application/sql sql | application/toml toml
application/vnd.amazon.ebook azw | application/vnd.android.package-archive apk
application/vnd.debian.binary-package deb | application/vnd.ms-excel xls xlt
application/vnd.ms-fontobject eot | application/vnd.ms-outlook msg
application/vnd.ms-powerpoint ppt pot pps | application/vnd.ms-tnef tnef
application/vnd.oasis.opendocument.graphics odg
application/vnd.oasis.opendocument.presentation odp
application/vnd.oasis.opendocument.spreadsheet ods | application/vnd.oasis.opendocument.text odt
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.rar rar | application/vnd.sqlite3 sqlite sqlite3 db | application/wasm wasm
application/x-7z-compressed 7z | application/x-bittorrent torrent | application/x-bzip2 bz2 tbz2
application/x-httpd-php php | application/x-iso9660-image iso | application/x-msdownload exe dll
application/x-ole-storage msi | application/x-pem-file pem crt | application/x-pkcs12 p12 pfx
application/x-rpm rpm | application/x-sh sh | application/x-shockwave-flash swf
application/x-tar tar | application/x-xz xz txz | application/xhtml+xml xhtml xht
application/xml xsl xsd dtd | application/yaml yaml yml | application/zip zip
application/zstd zst | audio/aac aac | audio/basic au snd | audio/flac flac | audio/midi mid midi
audio/mp4 m4a m4b | audio/mpeg mp3 mp2 mpga | audio/ogg oga ogg opus spx | audio/vnd.wave wav
audio/x-aiff aif aiff aifc | font/collection ttc | font/otf otf | font/ttf ttf | font/woff woff
font/woff2 woff2 | image/apng apng | image/avif avif | image/bmp bmp dib | image/gif gif
image/heic heic | image/heif heif | image/jp2 jp2 | image/jpeg jpg jpeg jpe jfif | image/jxl jxl
image/png png | image/svg+xml svg | image/tiff tif tiff | image/vnd.adobe.photoshop psd
image/vnd.djvu djvu djv | image/vnd.microsoft.icon ico cur | image/webp webp | image/wmf wmf
image/x-portable-bitmap pbm | image/x-portable-graymap pgm | image/x-portable-pixmap ppm
image/x-xbitmap xbm | image/x-xpixmap xpm
message/rfc822 eml mht mhtml nws | model/gltf+json gltf | model/gltf-binary glb | model/stl stl
multipart/related mhtm | text/calendar ics ifb | text/css css | text/csv csv | text/html html htm
text/javascript js mjs cjs | text/markdown md markdown mkd
text/plain txt text log conf cfg ini c h cc cpp hpp rs go java kt rb pl pm bat ksh in list def asm
text/rtf rtx | text/tab-separated-values tsv tab | text/troff t tr roff man me ms
text/turtle ttl | text/vcard vcf vcard | text/vtt vtt | text/x-diff diff patch
text/x-python py pyw | text/x-rst rst | text/x-tex tex latex ltx | text/xml xml
text/x-uuencode uu uue
video/3gpp 3gp 3gpp | video/3gpp2 3g2 | video/matroska mkv | video/mp4 mp4 m4v mp4v
video/mpeg mpg mpeg mpe m1v m2v | video/ogg ogv | video/quicktime mov qt | video/webm webm
video/x-flv flv | video/x-ms-wmv wmv | video/x-msvideo avi
"""

_PREFERRED = {
    "application/ecmascript": "text/javascript", "application/font-sfnt": "font/ttf",
    "application/font-woff": "font/woff", "application/javascript": "text/javascript",
    "application/vnd.ms-word": "application/msword", "application/x-bzip": "application/x-bzip2",
    "application/x-debian-package": "application/vnd.debian.binary-package",
    "application/x-ecmascript": "text/javascript", "application/x-font-otf": "font/otf",
    "application/x-font-ttf": "font/ttf", "application/x-font-woff": "font/woff",
    "application/x-gzip": "application/gzip", "application/x-javascript": "text/javascript",
    "application/x-json": "application/json", "application/x-mbox": "application/mbox",
    "application/x-pdf": "application/pdf", "application/x-pkcs7-mime": "application/pkcs7-mime",
    "application/x-pkcs7-signature": "application/pkcs7-signature",
    "application/x-rar": "application/vnd.rar", "application/x-rar-compressed":
    "application/vnd.rar", "application/x-sqlite3": "application/vnd.sqlite3",
    "application/x-tex": "text/x-tex", "application/x-x509-ca-cert": "application/pkix-cert",
    "application/x-yaml": "application/yaml", "application/x-zip": "application/zip",
    "application/x-zip-compressed": "application/zip", "application/x-zstd": "application/zstd",
    "application/zip-compressed": "application/zip", "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg", "audio/opus": "audio/ogg", "audio/wav": "audio/vnd.wave",
    "audio/wave": "audio/vnd.wave", "audio/x-flac": "audio/flac", "audio/x-m4a": "audio/mp4",
    "audio/x-midi": "audio/midi", "audio/x-mp3": "audio/mpeg", "audio/x-mpeg": "audio/mpeg",
    "audio/x-wav": "audio/vnd.wave", "font/sfnt": "font/ttf", "image/ico":
    "image/vnd.microsoft.icon", "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg",
    "image/x-bmp": "image/bmp", "image/x-djvu": "image/vnd.djvu", "image/x-eps":
    "application/postscript", "image/x-icon": "image/vnd.microsoft.icon", "image/x-ms-bmp":
    "image/bmp", "image/x-png": "image/png", "image/x-psd": "image/vnd.adobe.photoshop",
    "image/x-wmf": "image/wmf", "text/ecmascript": "text/javascript",
    "text/directory": "text/vcard", "text/x-c": "text/plain", "text/x-csv": "text/csv",
    "text/x-javascript": "text/javascript", "text/x-json": "application/json",
    "text/x-markdown": "text/markdown", "text/x-vcard": "text/vcard",
    "text/x-vcalendar": "text/calendar", "text/x-yaml": "application/yaml",
    "text/yaml": "application/yaml", "video/x-m4v": "video/mp4", "video/x-matroska":
    "video/matroska", "video/x-mpeg": "video/mpeg",
}

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"), (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"), (0, b"GIF89a", "image/gif"), (8, b"WEBPVP8", "image/webp"),
    (0, b"II*\0", "image/tiff"), (0, b"MM\0*", "image/tiff"), (0, b"8BPS",
    "image/vnd.adobe.photoshop"), (0, b"\0\0\1\0", "image/vnd.microsoft.icon"),
    (4, b"ftypavif", "image/avif"), (4, b"ftypheic", "image/heic"), (4, b"ftypqt  ",
    "video/quicktime"), (4, b"ftypM4A ", "audio/mp4"), (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"), (0, b"%!PS", "application/postscript"),
    (0, b"{\\rtf", "application/rtf"), (0, b"PK\3\4", "application/zip"),
    (0, b"PK\5\6", "application/zip"), (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"), (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"), (0, b"Rar!\x1a\x07",
    "application/vnd.rar"), (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"), (0, b"\0asm", "application/wasm"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"), (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"), (0, b"OggS", "audio/ogg"), (0, b"MThd", "audio/midi"),
    (8, b"WAVEfmt ", "audio/vnd.wave"), (8, b"AVI LIST", "video/x-msvideo"),
    (0, b"\x1aE\xdf\xa3", "video/matroska"), (0, b"wOFF", "font/woff"), (0, b"wOF2", "font/woff2"),
    (0, b"OTTO", "font/otf"), (0, b"-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
    (0, b"-----BEGIN PGP PUBLIC KEY", "application/pgp-keys"), (0, b"BEGIN:VCALENDAR",
    "text/calendar"), (0, b"BEGIN:VCARD", "text/vcard"),
)
_CONTAINERS = {  # what many kinds of file are inside: there the name knows better
    "application/zip", "application/gzip", "application/x-ole-storage", "video/mp4", "audio/ogg",
    "video/matroska", "application/postscript", "application/vnd.sqlite3"}
_HTML = re.compile(rb"\s*(?:<!--.{0,200}?-->\s*)?<(?:!doctype html|html|head|body)\b",
                   re.IGNORECASE | re.DOTALL)
_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\Z")


def _rows() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _BY_TYPE.replace("|", "\n").splitlines():
        kind, *extensions = row.split() or [""]
        for one in extensions:
            found.setdefault(one, kind)
    return found


_TABLE = _rows()


def type_of(name: str, content: bytes = b"", table: Mapping[str, str] | None = None) -> str:
    """The MIME type of a file.

    Args:
        name: of the file.
        content: its first bytes, where they are at hand.
        table: more extensions, as `read_table` gives them; ours go first.

    Example:
        >>> type_of("app.js"), type_of("backup.tar.gz"), type_of("photo")
        ('text/javascript', 'application/gzip', 'application/octet-stream')
        >>> type_of("holiday.txt", b"\\xff\\xd8\\xff\\xe0 JFIF")
        'image/jpeg'
    """
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    named = _TABLE.get(extension) or (table or {}).get(extension)
    inside = sniffed(content) if content else None
    if inside is None:
        return named or (_text(content) if content else None) or UNKNOWN
    if named is None or (inside not in _CONTAINERS and not _near(named, inside)):
        return inside
    return named


def _near(named: str, inside: str) -> bool:
    """Whether a name may know better: of the same family, or a text of any kind."""
    return named.partition("/")[0] == inside.partition("/")[0] or inside.startswith("text/")


def sniffed(content: bytes) -> str | None:
    """The type that the first bytes of a file tell; None where they tell nothing.

    Example:
        >>> sniffed(b"%PDF-1.7"), sniffed(b"hello")
        ('application/pdf', None)
    """
    for at, magic, kind in _MAGIC:
        if content.startswith(magic, at):
            return kind
    return "text/html" if _HTML.match(content[:1024]) else None


def _text(content: bytes) -> str | None:
    """``text/plain`` for what is clearly text."""
    sample = content[:1024]
    if sample.translate(None, bytes(range(7, 14)) + bytes(range(27, 256))):
        return None
    try:
        sample[:-4].decode("utf-8") if len(content) > 1024 else sample.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain"


def preferred(kind: str) -> str:
    """The registered name of a type, lower case, without parameters.

    Example:
        >>> preferred("application/x-javascript; charset=utf-8"), preferred("Image/JPG")
        ('text/javascript', 'image/jpeg')
    """
    name = kind.partition(";")[0].strip().lower()
    return _PREFERRED.get(name, name)


def extension_of(kind: str, table: Mapping[str, str] | None = None) -> str:
    """How names of files of this type end, with the dot; "" where that is not known.

    Args:
        kind: a MIME type.
        table: more extensions, as `read_table` gives them.

    Example:
        >>> extension_of("image/jpeg"), extension_of("text/x-strange")
        ('.jpg', '')
    """
    wanted = preferred(kind)
    for known in (_TABLE, table or {}):
        for extension, one in known.items():
            if one == wanted:
                return f".{extension}"
    return ""


def read_table(text: str) -> dict[str, str]:
    """A table in the form of ``/etc/mime.types``: a type, then extensions.

    Example:
        >>> read_table("# mine\\nchemical/x-pdb  pdb ent\\nbroken line\\n")
        {'pdb': 'chemical/x-pdb', 'ent': 'chemical/x-pdb'}
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        kind, *extensions = line.partition("#")[0].split() or [""]
        if _NAME.match(kind):
            for one in extensions:
                found.setdefault(one.lower().lstrip("."), preferred(kind))
    return found


def read_globs(text: str) -> dict[str, str]:
    """A table in the form of shared-mime-info's ``globs2``: weight, type, pattern.

    Example:
        >>> read_globs("50:text/x-python:*.py\\n60:text/x-python3:*.py\\n50:a/x-make:Makefile")
        {'py': 'text/x-python3'}
    """
    best: dict[str, tuple[int, str]] = {}
    for line in text.splitlines():
        weight, _, rest = line.partition(":")
        kind, _, pattern = rest.partition(":")
        pattern = pattern.partition(":")[0]
        ending = pattern[2:].lower()
        if weight.isdigit() and _NAME.match(kind) and pattern.startswith("*.") and (
                ending and not set(ending) & set("*?[")):
            best[ending] = max(best.get(ending, (-1, "")), (int(weight), preferred(kind)),
                               key=lambda one: one[0])
    return {ending: kind for ending, (_, kind) in best.items()}
