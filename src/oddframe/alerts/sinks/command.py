"""A command: started for each message, with the message on its standard input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from oddframe.alerts.message import Message, in_words
from oddframe.alerts.settings import COMMON, read_kinds, read_words
from oddframe.alerts.sink import Accepted, Later, Outcome, PlainSink
from oddframe.console.characters import made_visible
from oddframe.files.yaml_table import YamlTable

KEYS = *COMMON, "argv", "limit"
LIMIT = 30.0
"""Seconds that a command may take, if nothing else is said."""
_LONGEST_LIMIT = 3600.0
_A_MOMENT = 1.0
_MOST_SAID = 64 * 1024
"""Bytes of what one run of it prints that are shown."""


@dataclass(frozen=True)
class Config:
    """Settings of the sink.

    Attributes:
        argv: the program and its arguments; no shell sees them.
        limit: seconds after which it is killed, with all that it started.
        kinds: of messages that it is started for.
    """

    argv: tuple[str, ...]
    limit: float
    kinds: tuple[str, ...]

    @classmethod
    def from_table(cls, table: YamlTable) -> Config:
        """From the cameras file.

        Raises:
            OddframeError: no list of words, no such program, or a limit of nothing or of hours.
        """
        argv = read_words(table, "argv")
        if isinstance(table.any("argv"), str) and len(argv[0].split()) > 1:
            raise table.wrong("argv", "a list, such as [notify-send, oddframe]", argv[0])
        if any("\0" in word for word in argv) or shutil.which(argv[0]) is None:
            raise table.wrong("argv", "a program that is installed and may be run", argv[0])
        limit = table.number("limit", LIMIT)
        if not 0 < limit <= _LONGEST_LIMIT:
            raise table.wrong("limit", f"seconds, above 0 and up to {_LONGEST_LIMIT:g}", limit)
        return cls(argv, limit, read_kinds(table))

    def sink(self, name: str) -> CommandSink:
        """The sink of these settings."""
        return CommandSink(name, self)


class CommandSink(PlainSink):
    """Starts a program for each message, one after the other; 0 is its only good end.

    It finds the message as JSON on standard input, and in ``ODDFRAME_ID``, ``_KIND``, ``_CAMERA``,
    ``_TEXT``, ``_PICTURE`` and ``_CLIP`` (whole paths, empty where there is none). What it prints
    goes to standard error, since standard output may be lines of JSON; the first 64 kB of it, since
    that may be a disk.

    Args:
        name: as in the cameras file.
        config: its settings.
    """

    def __init__(self, name: str, config: Config) -> None:
        super().__init__(name, config.kinds)
        self.config = config

    def describe(self) -> str:
        """What it would do. Of the arguments only their number is shown: some may be secret."""
        more = len(self.config.argv) - 1
        words = f" with {more} argument{'s' * (more > 1)}" if more else ""
        return f"runs {self.config.argv[0]}{words}, for {self.config.limit:g} s at most"

    def send(self, messages: Sequence[Message]) -> Outcome:
        """Run it once."""
        message = messages[0]
        program = self.config.argv[0]
        said, saying = os.pipe()
        passing_on = threading.Thread(
            target=_pass_on, args=(said, program), name=f"said by {program}", daemon=True
        )
        passing_on.start()
        try:
            child = subprocess.Popen(
                self.config.argv,
                stdin=subprocess.PIPE,
                stdout=saying,
                stderr=saying,
                env=os.environ | self._variables(message),
                start_new_session=True,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            return Later(f"cannot run {program} ({error.strerror})")
        finally:
            os.close(saying)
        try:
            # A command that does not read its input is as good as one that does.
            child.communicate(json.dumps(message.to_json()) + "\n", timeout=self.config.limit)
        except subprocess.TimeoutExpired:
            return Later(
                f"{program} took longer than {self.config.limit:g} s and was killed",
                everybody=False,
            )
        finally:
            _end(child)
            passing_on.join(_A_MOMENT)  # what left its session may hold the pipe for ever
        if child.returncode == 0:
            return Accepted()
        return Later(f"{program} ended with {_ending(child.returncode)}", everybody=False)

    def _variables(self, message: Message) -> dict[str, str]:
        paths = {key: self.link.below(key, message) or "" for key in ("picture", "clip")}
        return {
            "ODDFRAME_ID": message.id,
            "ODDFRAME_KIND": message.kind,
            "ODDFRAME_CAMERA": made_visible(message.camera),
            "ODDFRAME_TEXT": in_words(message),
            "ODDFRAME_PICTURE": str(paths["picture"]),
            "ODDFRAME_CLIP": str(paths["clip"]),
        }


def _pass_on(said: int, program: str) -> None:
    """Repeat on standard error what a command prints, up to a length; the rest is only read."""
    left = _MOST_SAID
    with open(said, "rb", buffering=0) as stream:
        while part := stream.read(_MOST_SAID):
            if left <= 0:
                continue
            with suppress(AttributeError, OSError, ValueError):  # there need be nobody who reads
                sys.stderr.write(part[:left].decode("utf-8", "replace"))
                if len(part) >= left:
                    sys.stderr.write(f"\noddframe: {program} prints more, which is not shown\n")
                sys.stderr.flush()
            left -= len(part)


def _end(child: subprocess.Popen[str]) -> None:
    """Nothing of a command outlives it, if it is in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()


def _ending(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
