"""A clock of one process alone, which can be set as that of a machine is: a library before libc's.

``faketime`` does this too, but its sleeps to a moment of the steady clock fail (0.9.10), and Python
sleeps so.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.made.programs import program

_LIBRARY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long set_by(void) {
    long seconds = 0;
    FILE *file = fopen(getenv("CLOCK_SET_BY"), "r");
    if (file != NULL) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, now);
    if (which == CLOCK_REALTIME) now->tv_sec += set_by();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now != NULL) *now = found.tv_sec;
    return found.tv_sec;
}
"""


@dataclass(frozen=True)
class OwnClock:
    """The clock of a process that is started with an environment.

    Attributes:
        environment: what that process gets besides.
    """

    environment: dict[str, str]

    def set_by(self, seconds: int) -> None:
        """Set it, from that of the machine, while the process goes on."""
        path = Path(self.environment["CLOCK_SET_BY"])
        new = path.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(path)


@pytest.fixture
def own_clock(tmp_path: Path) -> OwnClock:
    compiler = program("gcc", "gcc")
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(_LIBRARY)
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    clock = OwnClock({"LD_PRELOAD": str(library), "CLOCK_SET_BY": str(tmp_path / "set-by")})
    clock.set_by(0)
    return clock
