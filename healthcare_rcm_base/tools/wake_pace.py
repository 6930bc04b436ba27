"""How often a scheduled action is woken when it is asked for many times a second."""

from threading import Lock, Timer
from time import monotonic


class WakePace:
    """One wake per key in a while, and one more after the last who asked.

    Whoever asks while it is quiet wakes by himself and says so (:meth:`woken`). Whoever
    asks shortly after leaves it to :meth:`later`: one wake for all of them, when that
    time is over and therefore after each of them was committed.
    """

    def __init__(self, seconds, clock=monotonic, timer=Timer):
        self._seconds, self._clock, self._timer = seconds, clock, timer
        self._last, self._asked = {}, set()
        self._lock = Lock()

    def is_quiet(self, key):
        """Whether the last wake of ``key`` lies long enough back."""
        with self._lock:
            return self._left(key) <= 0

    def woken(self, key):
        """``key`` was woken just now."""
        with self._lock:
            self._last[key] = self._clock()

    def later(self, key, wake):
        """Call ``wake()`` once for all who ask until the time is over."""
        with self._lock:
            if key in self._asked:
                return
            self._asked.add(key)
            seconds = max(0.0, self._left(key))
        # No daemon: a worker that ends in good order waits for it.
        self._timer(seconds, self._wake, (key, wake)).start()

    def _wake(self, key, wake):
        with self._lock:
            # Before the wake itself: who asks from here on is not covered by it.
            self._asked.discard(key)
            self._last[key] = self._clock()
        wake()

    def _left(self, key):
        last = self._last.get(key)
        return 0.0 if last is None else last + self._seconds - self._clock()
