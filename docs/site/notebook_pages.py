"""The notebooks of ``docs/tutorials/`` as pages, with what their cells gave."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def write_page(notebook: Path) -> None:
    """Write ``NAME.md`` beside ``NAME.ipynb``, and its pictures; links lead to pages again."""
    book = json.loads(notebook.read_text(encoding="utf-8"))
    parts: list[str] = []
    for number, cell in enumerate(book["cells"]):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text.replace(".ipynb)", ".md)"))
        else:
            parts.append(f"```python\n{text}\n```")
            parts += _given(cell["outputs"], notebook, number)
    parts.insert(1, f"This page is a notebook: {{download}}`{notebook.name}`.")
    notebook.with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _given(outputs: list[dict[str, Any]], notebook: Path, number: int) -> Iterator[str]:
    """What a cell gave, as Markdown: text, or a picture."""
    for place, output in enumerate(outputs):
        data = output.get("data", {})
        if "image/png" in data:
            picture = notebook.with_name(f"{notebook.stem}-{number}-{place}.png")
            picture.write_bytes(base64.b64decode(data["image/png"]))
            yield f"![What the cell draws]({picture.name})"
        elif text := "".join(output.get("text", data.get("text/plain", ""))).rstrip():
            yield f"```text\n{text}\n```"
