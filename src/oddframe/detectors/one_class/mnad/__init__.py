"""MNAD: predict or reconstruct a frame with a memory of normal features."""

from oddframe.detectors.one_class.mnad.detector import Mnad
from oddframe.detectors.one_class.mnad.settings import MnadConfig

DETECTOR = Mnad
CONFIG = MnadConfig
