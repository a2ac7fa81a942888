"""The verb ``cite``: whom to cite for a run, or for a method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.citing.references import (
    Reference,
    names_in,
    own_reference,
    references,
    references_of,
)
from oddframe.detectors import available
from oddframe.errors import OddframeError, nearest
from oddframe.files.paths import text_paths
from oddframe.runs.checkpoint import read_checkpoint
from oddframe.runs.run_folder import CHECKPOINT, read_config


@dataclass(frozen=True)
class Cited:
    """Whom to cite, oddframe last.

    Attributes:
        references: entries of BibTeX.
        unknown: a detector that is none of oddframe's, whose authors know how to cite it; ``""``
            of the others.
    """

    references: tuple[Reference, ...]
    unknown: str = ""

    def text(self) -> str:
        """The entries; a ``%`` begins a comment of BibTeX."""
        first = [f"% detector {self.unknown} is none of oddframe's: ask its authors"]
        return "\n\n".join([*first[: bool(self.unknown)], *(one.bibtex for one in self.references)])


@text_paths
def cite(what: Path | None = None) -> Cited:
    """BibTeX of the papers behind a run: of its method, its backbone and its data set.

    Args:
        what: a run folder; or the name of a detector, a backbone or a data set, such as ``rtfm``,
            ``i3d-resnet50``, ``ucf-crime``; without it, oddframe alone.

    Returns:
        The entries, oddframe's last.

    Raises:
        OddframeError: neither a run nor such a name.
    """
    names, detector = _names(what)
    found = references_of(names)
    unknown = detector if detector and detector not in available() else ""
    return Cited((*found, own_reference()), unknown)


def _names(what: Path | None) -> tuple[list[str], str]:
    """What is to be cited, and the detector where it is of a run."""
    if what is None:
        return [], ""
    if (what / CHECKPOINT).is_file():
        detector, _ = read_checkpoint(what / CHECKPOINT)
        return names_in(read_config(what), detector), detector
    if what.is_dir():
        raise OddframeError(f"{what}: not a run, {CHECKPOINT} is missing; name a run or a detector")
    known = sorted({*available(), *(name for one in references() for name in one.names)})
    if str(what) not in known:
        near = nearest(str(what), known)
        raise OddframeError(
            f"{what}: expected a run folder, or the name of a detector, a backbone or a data set; "
            f"{near.strip() or 'oddframe train --help lists detectors'}"
        )
    return [str(what)], ""
