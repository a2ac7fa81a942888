"""The machine of detectors that look at features: base class, losses, segments, training."""
