"""Methods that are never trained: normality is what repeats in the video that they look at."""
