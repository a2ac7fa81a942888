"""Signals: SIGHUP ends nothing, and who asks to end a second time need not wait."""

import os
import signal
import time

from oddframe.watching import signals as module
from oddframe.watching.signals import Signals


def test_the_first_request_is_orderly_and_the_next_is_what_it_was_before(monkeypatch):
    monkeypatch.setattr(module, "A_MOMENT", 0.1)
    asked, signals = [], Signals()
    before = {
        number: signal.signal(number, lambda got, _: asked.append(got))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        with signals.caught():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.reload.is_set()
            assert not signals.stop.is_set()
            os.kill(os.getpid(), signal.SIGTERM)
            assert signals.stop.is_set()
            assert asked == []
            os.kill(os.getpid(), signal.SIGHUP)  # as a terminal that is closed sends as well
            os.kill(os.getpid(), signal.SIGTERM)  # passed on by whoever started it
            assert asked == []
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
            assert asked == [signal.SIGINT]
        os.kill(os.getpid(), signal.SIGHUP)
        assert asked == [signal.SIGINT, signal.SIGHUP]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
