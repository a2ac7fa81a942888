"""What a vision-language model said of an event, which changes nothing else about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SecondLook:
    """The answer, and whose it is.

    Attributes:
        anomalous: whether the model finds it odd too.
        kind: what it calls it; ``""`` of nothing.
        sentence: what it sees.
        model: its name, as the cameras file has it.
        host: of the server that was asked, with its port.
    """

    anomalous: bool
    kind: str
    sentence: str
    model: str
    host: str
