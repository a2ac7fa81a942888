"""The default detector, for footage of a camera that does not move. Our own design.

Fitted on normal footage alone; no labels, no GPU, no download. It looks at a grid of cells.

* Appearance: patch features of an ImageNet network, whitened on the scene's own footage, and
  their distance to a memory of normal patches of the same place (``memory.py``). Whitening at full
  rank matters most: what normal patches never vary in is where odd things show.
* Pace: how fast what moves in a cell is, beside what is usual there (``pace.py``).
* Each becomes a surprise (``-log10 p``) through held-out normal footage, weighed by its trust: how
  well it notices its own simulated fault in this very scene (:func:`.trust`). The sum is
  taken per cell, so that what moves oddly *and* looks odd counts for both; the mean of the oddest
  1.5 % of cells, again as a surprise, is what is seen at a frame.
* What follows things adds to it: the fastest, the rarest direction and place, the longest stay
  (``followed.py``).
* What lasts may ring with less (``evidence.py``): the score is the larger of what is seen, which
  grows slowly beyond one normal frame in a hundred, and of how rare what has lasted is, in alarms.
* The camera's own health is told apart from all of this (``health.py``).
"""

from oddframe.detectors.own_cameras.fixed_camera.detector import FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig

DETECTOR = FixedCameraDetector
CONFIG = FixedCameraConfig
