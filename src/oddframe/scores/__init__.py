"""What is said of frames: anomaly scores, maps, terms, detections; and their files."""
