"""What a video is: its length, its true events, its truth in pixels; and lists of videos."""
