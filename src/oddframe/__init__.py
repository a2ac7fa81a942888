"""oddframe finds the odd moments in video."""

__version__ = "0.1.0"
