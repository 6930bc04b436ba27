"""Token buckets: how many requests a connector may make."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock


@dataclass(slots=True)
class Bucket:
    """Allows ``per_minute`` requests on average and as many at once."""

    per_minute: int
    tokens: float
    refilled_at: float

    @classmethod
    def full(cls, per_minute, now):
        return cls(per_minute, float(per_minute), now)

    def take(self, now, cost=1):
        """Take ``cost`` tokens; return 0, or the seconds until they are there.

        A cost above the whole bucket is charged as a full bucket, else it could
        never be paid.
        """
        rate = self.per_minute / 60
        # A clock that steps back must not drain the bucket.
        elapsed = max(0.0, now - self.refilled_at)
        self.tokens = min(self.per_minute, self.tokens + elapsed * rate)
        self.refilled_at = now
        cost = min(cost, self.per_minute)
        if self.tokens >= cost:
            self.tokens -= cost
            return 0.0
        return (cost - self.tokens) / rate


class Buckets:
    """Buckets by key, the longest unused forgotten when there are too many.

    Forgetting gives a full bucket back, which only ever allows more.
    """

    def __init__(self, most=10000):
        self._most = most
        self._by_key = OrderedDict()
        self._lock = Lock()

    def take(self, key, per_minute, now, cost=1):
        """Take from the bucket of ``key``; return 0 or the seconds to wait."""
        with self._lock:
            return self._bucket(key, per_minute, now).take(now, cost)

    def peek(self, key, per_minute, now):
        """Seconds until one token is there; takes nothing."""
        with self._lock:
            bucket = self._bucket(key, per_minute, now)
            bucket.take(now, 0)
            return max(0.0, (1 - bucket.tokens) * 60 / per_minute)

    def _bucket(self, key, per_minute, now):
        bucket = self._by_key.pop(key, None)
        if bucket is None or bucket.per_minute != per_minute:
            bucket = Bucket.full(per_minute, now)
        self._by_key[key] = bucket
        if len(self._by_key) > self._most:
            self._by_key.popitem(last=False)
        return bucket
