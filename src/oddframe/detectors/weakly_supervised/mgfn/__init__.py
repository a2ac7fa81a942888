"""MGFN: magnitude-contrastive glance-and-focus network for video labels."""

from oddframe.detectors.weakly_supervised.mgfn.detector import MGFN, MGFNConfig

DETECTOR = MGFN
CONFIG = MGFNConfig
