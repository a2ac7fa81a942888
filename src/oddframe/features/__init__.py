"""Features: backbones, extraction, the feature folder."""
