"""The default detector, for footage of a camera that does not move. Our own design.

Fitted on normal footage alone; no labels, no GPU, no download. It looks at a grid of cells.

* Appearance: patch features of an ImageNet network, whitened on the scene's own footage, and
  their distance to a memory of normal patches of the same place (``memory.py``). Whitening at full
  rank matters most: what normal patches never vary in is where odd things show.
* Motion: speed of what moves in a cell (``motion.py``).
* Each becomes a surprise (``-log10 p``) through held-out normal footage, weighed by its trust: how
  well it notices its own simulated fault in this very scene (``..calibration.trust``). The sum is
  taken per cell, so that what moves oddly *and* looks odd counts for both.
* A frame's score is the mean of its oddest 1.5 % of cells, again as a surprise: 3 means that one
  in a thousand normal frames is as odd.
"""

from oddframe.detectors.own_cameras.fixed_camera.detector import FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig

DETECTOR = FixedCameraDetector
CONFIG = FixedCameraConfig
