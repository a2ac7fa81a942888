"""DeepAppearance: a one-class SVM on the features of an image network, frame by frame."""

from oddframe.detectors.one_class.deep_appearance.detector import (
    DeepAppearance,
    DeepAppearanceConfig,
)

DETECTOR = DeepAppearance
CONFIG = DeepAppearanceConfig
