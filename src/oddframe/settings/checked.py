"""Settings that refuse values out of range, in the words of the command line."""

from __future__ import annotations

from oddframe.errors import OddframeError


class CheckedSettings:
    """Base of configuration dataclasses, for the checks in their ``__post_init__``."""

    def expect(self, fulfilled: bool, setting: str, wanted: str) -> None:
        """Raise an error that names the setting unless the condition holds.

        Raises:
            OddframeError: it does not.
        """
        if not fulfilled:
            raise OddframeError(
                f"--settings.{setting}: expected {wanted}, found {getattr(self, setting)}"
            )
