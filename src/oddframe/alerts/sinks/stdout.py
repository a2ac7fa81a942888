"""Standard output: a line of JSON for each message."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from oddframe.alerts.message import Message
from oddframe.alerts.settings import COMMON, read_kinds
from oddframe.alerts.sink import Accepted, Gone, Outcome, PlainSink
from oddframe.console.streams import OutputError
from oddframe.files.yaml_table import YamlTable

KEYS = COMMON


@dataclass(frozen=True)
class Config:
    """Settings of the sink.

    Attributes:
        kinds: of messages that are printed.
    """

    kinds: tuple[str, ...]

    @classmethod
    def from_table(cls, table: YamlTable) -> Config:
        """From the cameras file."""
        return cls(read_kinds(table))

    def sink(self, name: str) -> StdoutSink:
        """The sink of these settings."""
        return StdoutSink(name, self.kinds)


class StdoutSink(PlainSink):
    """Prints each message as one line of JSON, at once."""

    def describe(self) -> str:
        """What it would do."""
        return "prints a line of JSON on standard output"

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Print them."""
        try:
            for message in messages:
                sys.stdout.write(json.dumps(message.to_json()) + "\n")
            sys.stdout.flush()
        except (OutputError, OSError, ValueError) as error:
            # Watching goes on: whoever read the lines has gone, or the disk they go to is full.
            reason = error.error if isinstance(error, OutputError) else error
            return Gone(f"standard output takes no more ({reason})")
        return Accepted()
