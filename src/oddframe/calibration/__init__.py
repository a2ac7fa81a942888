"""From scores of normal footage to a threshold and its promise; from maps to places."""
