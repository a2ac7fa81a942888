"""The machine of detectors that are trained on clips: base class, frames, batches, validation."""
