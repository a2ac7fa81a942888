"""What a person says of their cameras: the cameras file, and when a camera is armed."""
