"""The command: one file a verb, each a thin shell around the public API."""

__all__: list[str] = []
