"""Alarms on their way to people: messages, their outboxes on disk, and the sinks that take them.

A sink is somewhere that a message goes: a webhook, an MQTT broker, a command, a mail server,
standard output. Each has a thread and an outbox of its own, so that one that hangs or is gone costs
the others nothing, and what it has not taken outlasts a restart.
"""
