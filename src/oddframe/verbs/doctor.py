"""The verb ``doctor``: what works here, what is missing, and the line that installs it."""

from __future__ import annotations

from oddframe.diagnosis.finding import Diagnosis
from oddframe.diagnosis.machine import machine
from oddframe.diagnosis.packages import packages
from oddframe.diagnosis.trials import trials


def doctor() -> Diagnosis:
    """Look at this machine: packages and extras, decoders, the network, processors, memory, GPU.

    A film is written and read again, and the network of ``fixed-camera`` looks at a picture.
    Nothing is changed, and no other machine is asked. The exit status is 3 where something that
    oddframe needs does not work.

    Returns:
        What was found.
    """
    return Diagnosis((*packages(), *trials(), *machine()))
