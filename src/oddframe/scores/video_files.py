"""Files of one video each, opened one by one: thousands are neither open nor in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from oddframe.errors import OddframeError
from oddframe.files.regular_files import stamp_of
from oddframe.videos.names import file_of

Content = TypeVar("Content")


class VideoFiles(Mapping[str, Content]):
    """Video id to what its file holds, read each time that it is asked for.

    What was there at the beginning is what is read: asking for the content of a file that was
    written since raises OddframeError, as another scoring may have put its own there.
    """

    def __init__(
        self,
        folder: Path,
        video_ids: Iterable[str],
        ending: str,
        read: Callable[[Path], Content],
    ) -> None:
        """Those of the videos that have a file ``<id><ending>`` in the folder."""
        paths = {video_id: file_of(folder, video_id, ending) for video_id in video_ids}
        self._paths = {video_id: path for video_id, path in paths.items() if path.exists()}
        self._stamps = {video_id: stamp_of(path) for video_id, path in self._paths.items()}
        self._read = read

    def __getitem__(self, video_id: str) -> Content:
        path = self._paths[video_id]
        if path.exists() and stamp_of(path) != self._stamps[video_id]:
            raise OddframeError(f"{path}: changed while it was in use; start again")
        return self._read(path)

    def __contains__(self, video_id: object) -> bool:
        return video_id in self._paths  # Mapping's own would read the file

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
