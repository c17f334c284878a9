"""The station: everything with a clock, a screen or a disk of its own."""

__version__ = "0.3.0"
