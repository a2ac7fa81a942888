"""The ``alerts`` of a cameras file: names of sinks, and of which kind each is."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from oddframe.alerts.message import plain_name
from oddframe.alerts.sink import Sink
from oddframe.errors import OddframeError, unknown
from oddframe.files.text_files import shown
from oddframe.files.yaml_table import YamlTable

KINDS = "webhook", "mqtt", "command", "email", "stdout"


class SinkConfig(Protocol):
    """The settings of one sink, checked."""

    def sink(self, name: str) -> Sink:
        """The sink of these settings, which reaches for nothing before it is opened."""
        ...


def read_sinks(path: Path, content: Mapping[str, Any], place: str = "alerts") -> dict[str, Sink]:
    """The sinks of a cameras file, by name and in its order.

    Args:
        path: the file, for messages.
        content: names, and the settings of each. ``kind`` says what it is; without it, the name.
        place: the keys that lead here, for messages.

    Raises:
        OddframeError: an unknown kind or key, a wrong value, a secret that is not there.
    """
    found: dict[str, Sink] = {}
    folders: dict[str, str] = {}
    for name, settings in content.items():
        where = f"{place}.{name}"
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            raise OddframeError(
                f"{path}: '{where}': expected names and values, found {shown(settings)}"
            )
        kind = settings.get("kind", name)
        if kind not in KINDS:
            raise OddframeError(f"{path}: '{where}': {unknown('kind of alert', str(kind), KINDS)}")
        folder = plain_name(str(name)).lower()
        if folder in folders:
            raise OddframeError(
                f"{path}: '{where}': expected another name than '{place}.{folders[folder]}' beyond "
                "upper and lower case; rename one"
            )
        folders[folder] = str(name)
        module = import_module(f"oddframe.alerts.sinks.{kind}")
        table = YamlTable(path, settings, module.KEYS, where)
        config: SinkConfig = module.Config.from_table(table)
        found[str(name)] = config.sink(str(name))
    return found
