"""Pseudo-anomalies: a classifier learns normal frames against frames that are wrong on purpose."""

from oddframe.detectors.one_class.pseudo_anomaly.as_published import AsPublished as AsPublished
from oddframe.detectors.one_class.pseudo_anomaly.detector import PseudoAnomaly
from oddframe.detectors.one_class.pseudo_anomaly.settings import PseudoAnomalyConfig

DETECTOR = PseudoAnomaly
CONFIG = PseudoAnomalyConfig
