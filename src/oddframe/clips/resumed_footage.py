"""Whether a training goes on with the footage that it was begun with."""

from __future__ import annotations

from oddframe.videos.manifest import Manifest

_SEEN = ("path", "split", "label", "frames", "width", "height", "classes", "events", "levels")
"""What of a video a step depends on. Not its times: an earlier version knew none, and took another
rate for footage whose rate changes. Nor masks and tracks, which are of the evaluation."""


def what_differs(begun: Manifest, now: Manifest) -> str:
    """In what a manifest is another one than a training was begun with; empty if in nothing.

    Files need not be the same: a manifest that is made anew may word its header otherwise, and
    know more of the same videos.
    """
    if begun.root.absolute() != now.root.absolute():
        return f"its footage lies in {now.root}, and lay in {begun.root}"
    old, new = ({video.id: video for video in manifest} for manifest in (begun, now))
    for there, other, said in ((old, new, "is no more in it"), (new, old, "was not in it")):
        for name in there:
            if name not in other:
                return f"video '{name}' {said}"
    for name, video in new.items():
        for key in _SEEN:
            before, after = getattr(old[name], key), getattr(video, key)
            if before != after:
                return f"{key} of video '{name}' is {after}, and was {before}"
    return ""
