"""Made for the cameras of a user, after no paper."""
