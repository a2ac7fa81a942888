"""Watching cameras: frames come in, events are noticed as they happen, and told."""
