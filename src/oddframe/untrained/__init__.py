"""What detectors that are never trained share: one video against itself."""
