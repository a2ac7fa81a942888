"""What a watched camera is fitted from again: hours of normal life, and fits beside the watch."""
