"""SMTP and LMTP: send mail, and the lab's mail servers."""

__all__: list[str] = []
