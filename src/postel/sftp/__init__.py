"""SFTP: files over SSH (draft-ietf-secsh-filexfer-02, with OpenSSH's extensions)."""

__all__: list[str] = []
