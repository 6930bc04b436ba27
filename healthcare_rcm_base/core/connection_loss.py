"""How long a connection may be dead before its ends notice: numbers in, seconds out.

A firewall or a cable may drop what goes over a connection without a word to either
end. Whoever waits for an answer then waits until the system gives up: by default for
hours, during which a worker hangs and the locks of its transaction stay.
"""

from dataclasses import dataclass

MOST_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Keepalive:
    """TCP settings of one end of a connection (seconds; the last: milliseconds)."""

    idle: int
    interval: int
    count: int
    user_timeout: int = 0
    on: bool = True

    def seconds(self):
        """When this end knows at the latest that the other is gone; None: never."""
        if not self.on:
            return None
        if not self.user_timeout:
            return self.idle + self.interval * self.count
        # it is looked at when a probe is sent, and one must have stayed unanswered
        patience = self.user_timeout / 1000
        return max(self.idle + self.interval, round(patience) + self.interval)

    def is_quick(self):
        """Whether that is soon enough."""
        seconds = self.seconds()
        return seconds is not None and seconds <= MOST_SECONDS


WANTED = Keepalive(idle=10, interval=5, count=2, user_timeout=20000)
CONNECT_SECONDS = 15


def client_parameters(libpq_version):
    """libpq's connection parameters for :data:`WANTED`."""
    parameters = {
        "keepalives": 1,
        "keepalives_idle": WANTED.idle,
        "keepalives_interval": WANTED.interval,
        "keepalives_count": WANTED.count,
        "connect_timeout": CONNECT_SECONDS,
    }
    if libpq_version >= 120000:  # an older one refuses what it does not know
        parameters["tcp_user_timeout"] = WANTED.user_timeout
    return parameters


def server_settings():
    """PostgreSQL's settings for :data:`WANTED`."""
    return {
        "tcp_keepalives_idle": WANTED.idle,
        "tcp_keepalives_interval": WANTED.interval,
        "tcp_keepalives_count": WANTED.count,
        "tcp_user_timeout": WANTED.user_timeout,
    }
