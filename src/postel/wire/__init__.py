"""Grammar bricks: lines, dot-stuffed bodies, three-digit replies, SASL. Bytes only, no I/O."""

__all__: list[str] = []
