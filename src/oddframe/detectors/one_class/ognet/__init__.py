"""OGNet: a discriminator that learns what a good and what a bad reconstruction looks like."""

from oddframe.detectors.one_class.ognet.detector import OGNet
from oddframe.detectors.one_class.ognet.settings import OGNetConfig

DETECTOR = OGNet
CONFIG = OGNetConfig
