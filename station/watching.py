"""`drives --watch`: a look every half second, sooner where udev or a drive says that something happened.

Takes a `Watch`, gives changes for ever. Events are hints: their content is never read, a lost one costs half a second,
a monitor that died is made anew.
"""
from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from contextlib import suppress

import pyudev

from station.drives import Drive, Watch
from station.probe import Probes

EVERY_SECONDS = 0.5
AT_MOST_EVERY_SECONDS = 0.1     # however many events come
_BROKEN = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Hints:
    """udev's events as one question: did anything happen? Made anew when it breaks (overrun, udev restarted)."""

    def __init__(self) -> None:
        self._monitor: pyudev.Monitor | None = None
        self.restarts = -1

    def fileno(self) -> int:
        """The descriptor to wait for, -1 where this machine gives no events."""
        if self._monitor is None:
            with suppress(OSError):                            # no netlink here: looking alone is enough
                monitor = pyudev.Monitor.from_netlink(pyudev.Context())
                monitor.filter_by("block")
                monitor.filter_by("scsi_tape")
                monitor.start()
                self._monitor, self.restarts = monitor, self.restarts + 1
        return -1 if self._monitor is None else self._monitor.fileno()

    def drain(self, events: int) -> None:
        """Take all that has come. events: what poll said of the descriptor."""
        if self._monitor is None:
            return
        try:
            while os.read(self._monitor.fileno(), 1 << 16):
                pass
        except BlockingIOError:
            if not events & _BROKEN:
                return
        except OSError:                                        # an overrun: events are lost, and we look anyway
            pass
        self._monitor = None


class Pulse:
    """Waits for the next look."""

    def __init__(self, probes: Probes, hints: Hints, until_closed: int = -1) -> None:
        """until_closed: whoever reads our lines; when it has gone, so are we."""
        self._probes, self._hints, self._reader = probes, hints, until_closed
        self.hinted = self.deserted = False

    def wait(self, seconds: float) -> None:
        """At most so long; less where an event or an answer comes."""
        poll, monitor = select.poll(), self._hints.fileno()
        for descriptor in (monitor, *self._probes.descriptors()):
            if descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        if self._reader >= 0:
            poll.register(self._reader, 0)
        self.hinted = False
        for descriptor, events in poll.poll(max(0.0, seconds) * 1000):
            if descriptor == monitor:
                self._hints.drain(events)
                self.hinted = True
            elif descriptor == self._reader and events & _BROKEN:
                self.deserted = True


def changes(watch: Watch, pulse: Pulse) -> Iterator[list[Drive]]:
    """What changed, look by look: first everything that is there. Ends when nobody listens any more."""
    asked = looked = time.monotonic()
    yield watch.look(asked)
    hinted = False
    while not pulse.deserted:
        pulse.wait((looked + AT_MOST_EVERY_SECONDS if hinted else asked + EVERY_SECONDS) - time.monotonic())
        now, hinted = time.monotonic(), hinted or pulse.hinted
        answered = watch.probes.collect()
        if now - asked >= EVERY_SECONDS or (hinted and now - looked >= AT_MOST_EVERY_SECONDS):
            asked, hinted = now, False
            yield watch.look(now)
            looked = time.monotonic()
        elif answered:
            yield watch.look(now, ask=False)
            looked = time.monotonic()
