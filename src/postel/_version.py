"""The version, alone, so that the build and the command read it without loading anything."""

__all__ = ["__version__"]

__version__ = "0.1.0"
