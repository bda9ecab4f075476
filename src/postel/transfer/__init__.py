"""Files between URLs: the verbs of the front door."""

__all__: list[str] = []
