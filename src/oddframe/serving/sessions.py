"""Who is logged in, and how often somebody may try to be."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from oddframe.serving.passwords import Passwords, Role

LASTS = 14 * 86_400.0
"""Seconds after which one logs in again."""
MOST_SESSIONS = 1000
MOST_TRIES = 5
"""Wrong passwords from one address in :data:`TRIED_SECONDS`; twenty times as many from all."""
TRIED_SECONDS = 60.0
_EVERYBODY = 20


class TooManyTriesError(Exception):
    """So many wrong passwords came that none is looked at for a while."""


@dataclass(frozen=True)
class _Session:
    role: Role
    until: float


class Sessions:
    """Logs people in and out; any thread may ask. Nothing of it outlives the process.

    Args:
        passwords: who is who. Without any, everybody is the owner.
        clock: steady seconds.
    """

    def __init__(self, passwords: Passwords, clock: Callable[[], float] = time.monotonic) -> None:
        self._passwords, self._clock = passwords, clock
        self._lock = threading.Lock()
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=MOST_TRIES * _EVERYBODY)

    @property
    def are_needed(self) -> bool:
        """Whether anybody has a password."""
        return bool(self._passwords.hashes)

    def log_in(self, password: str, address: str) -> str | None:
        """A token for the cookie of whose password it is; None if it is nobody's.

        Raises:
            TooManyTriesError: there were too many wrong ones lately.
        """
        now = self._clock()
        with self._lock:
            tries = self._tries.setdefault(address, deque(maxlen=MOST_TRIES))
            self._tries.move_to_end(address)
            while len(self._tries) > MOST_SESSIONS:
                self._tries.popitem(last=False)
            for said in (tries, self._all):
                if len(said) == said.maxlen and now - said[0] < TRIED_SECONDS:
                    raise TooManyTriesError
            # Counted before it is looked at, so that many at once are no way round.
            tries.append(now)
            self._all.append(now)
        role = self._passwords.role_of(password)
        if role is None:
            return None
        token = secrets.token_urlsafe(32)
        with self._lock:
            # The wrong ones stay: a viewer's password must not buy more tries at the owner's.
            for said in (tries, self._all):
                if now in said:
                    said.remove(now)
            self._sessions[_kept(token)] = _Session(role, now + LASTS)
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return token

    def log_out(self, token: str) -> None:
        """Forget a token."""
        with self._lock:
            self._sessions.pop(_kept(token), None)

    def role_of(self, token: str) -> Role | None:
        """Whose token it is; None if nobody's, or if it is too old."""
        if not self.are_needed:
            return "owner"
        with self._lock:
            session = self._sessions.get(_kept(token))
        return None if session is None or session.until < self._clock() else session.role


def _kept(token: str) -> bytes:
    """What is remembered: whoever reads the memory of the process finds no token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
