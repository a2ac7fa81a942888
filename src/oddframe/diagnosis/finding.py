"""What an examination found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from oddframe.console.words import count


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what.
        said: what was found, and what to do where it is not well.
        works: whether it does; None for what nobody needs who does not want it.
    """

    name: str
    said: str
    works: bool | None = True


@dataclass(frozen=True)
class Diagnosis:
    """All findings.

    Attributes:
        findings: in the order of the examination.
    """

    findings: tuple[Finding, ...]

    @property
    def left_out(self) -> Mapping[str, str]:
        """What oddframe needs and does not work here, and why."""
        return {one.name: one.said for one in self.findings if one.works is False}

    def rows(self) -> list[dict[str, Any]]:
        """A row for each finding."""
        return [asdict(one) for one in self.findings]

    def text(self) -> str:
        """A line for each finding, and whether all is well."""
        width = max(len(one.name) for one in self.findings)
        lines = [_line(one, width) for one in self.findings]
        failed = len(self.left_out)
        what = "1 thing that oddframe needs does" if failed == 1 else f"{count(failed, 'thing')} do"
        last = f"{what} not work, see 'NO' above" if failed else "whatever oddframe needs works"
        return "\n".join([*lines, last])


def _line(one: Finding, width: int) -> str:
    mark = {True: "ok", False: "NO", None: "- "}[one.works]
    return f"{mark}  {one.name.ljust(width)}  {one.said}"
