"""Python's own email package in the rows of composing: its present classes and the older ones."""

from __future__ import annotations

from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, make_msgid
from pathlib import Path

from bench.child import main
from bench.job import Job
from bench.letters import CC, HTML, LOGO, PAPER, SUBJECT, TEXT, WHO

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    make = _old if job.mode == "old" else _new
    size = 0
    for _ in range(job.count):
        data = make(job.action)
        size += len(data)
    Path(job.local).write_bytes(data)
    return job.count, size


def _address(name: str, address: str) -> Address:
    user, _, domain = address.partition("@")
    return Address(name, user, domain)


def _new(action: str) -> bytes:
    message = EmailMessage()
    message["Date"] = formatdate()
    message["From"] = "ann@example.org"
    message["To"] = [_address(*one) for one in WHO]
    if action == "compose-many":
        message["Cc"] = [_address(*one) for one in CC]
    message["Subject"] = SUBJECT
    message["Message-ID"] = make_msgid(domain="example.org")
    message.set_content(TEXT)
    if action == "compose-rich":
        message.add_alternative(HTML, subtype="html")
        _, html = message.iter_parts()
        html.add_related(LOGO, "image", "png", cid="<logo>", filename="logo.png")
        message.add_attachment(PAPER, maintype="application", subtype="pdf",
                               filename="Prüfung.pdf")
    return message.as_bytes(policy=policy.SMTP)


def _old(action: str) -> bytes:
    message: MIMEMultipart | MIMEText = MIMEText(TEXT, "plain", "utf-8")
    if action == "compose-rich":
        related = MIMEMultipart("related")
        related.attach(MIMEText(HTML, "html", "utf-8"))
        logo = MIMEImage(LOGO, "png")
        logo["Content-ID"] = "<logo>"
        related.attach(logo)
        both = MIMEMultipart("alternative", _subparts=[message, related])
        paper = MIMEApplication(PAPER, "pdf")
        paper.add_header("Content-Disposition", "attachment",
                         filename=("utf-8", "", "Prüfung.pdf"))
        message = MIMEMultipart("mixed", _subparts=[both, paper])
    message["Date"] = formatdate()
    message["From"] = "ann@example.org"
    message["To"] = ", ".join(formataddr(one) for one in WHO)
    if action == "compose-many":
        message["Cc"] = ", ".join(formataddr(one) for one in CC)
    message["Subject"] = Header(SUBJECT, "utf-8")  # type: ignore[assignment]
    message["Message-ID"] = make_msgid(domain="example.org")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


if __name__ == "__main__":
    main(work)
