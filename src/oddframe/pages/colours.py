"""The colours of every picture that oddframe makes, as ``(red, green, blue)`` in 0 to 255.

They are from Okabe and Ito's palette ("Color Universal Design", 2008), which people with any
common form of colour blindness can tell apart.
"""

from __future__ import annotations

Colour = tuple[int, int, int]

SERIES: tuple[Colour, ...] = (
    (0, 114, 178),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (120, 94, 240),
    (90, 90, 90),
)
"""Scores of one model after the other; none of them is used for anything else."""

ROUNDS = 3
"""After so many times all colours of :data:`SERIES`, lines look alike again."""

TRUTH: Colour = (230, 159, 0)
"""Shade of annotated events."""

DETECTION: Colour = (213, 94, 0)
"""Detected events and boxes."""

HEAT: tuple[tuple[float, Colour, float], ...] = (
    (0.5, (255, 225, 90), 0.0),
    (1.0, (250, 140, 20), 0.55),
    (2.0, (205, 30, 60), 0.70),
    (4.0, (120, 10, 90), 0.80),
)
"""The heat scale: multiple of the threshold, colour, opacity; straight lines in between."""


def series_class(place: int) -> str:
    """CSS classes of the model at this place: its colour, dashed once all colours are used."""
    again = place // len(SERIES) % ROUNDS
    return f"series{place % len(SERIES)}" + (f" round{again}" if again else "")


def hexadecimal(colour: Colour) -> str:
    """``#rrggbb``, as matplotlib and CSS take it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
