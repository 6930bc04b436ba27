"""Failures that processing code tells apart: try again, wait, or give up."""


class RcmError(Exception):
    """Base of the suite's own failures. Messages carry no patient data."""


class RcmRetryable(RcmError):
    """A passing obstacle (lock, time-out): the same step may work later."""

    def __init__(self, seconds=60, message=""):
        super().__init__(message or f"retry in {seconds} s")
        self.seconds = seconds


class RcmPermanent(RcmError):
    """Trying again cannot help: a person or the sender has to change something."""

    def __init__(self, code, message=""):
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message or code


class ReferenceMissing(RcmPermanent):
    """Content names master data that does not exist here, e.g. an unknown payer."""

    def __init__(self, kind, value):
        super().__init__("reference_missing", f"unknown {kind} {value!r}")
        self.kind = kind
        self.value = value


class PredecessorMissing(RcmRetryable):
    """What must come before has not been processed yet.

    ``business_key`` says it in words for people; ``awaits``, where it differs, is the
    exact key whose arrival ends the waiting and is shown to nobody.
    """

    def __init__(self, business_key, seconds=60, awaits=None):
        super().__init__(seconds, f"waits for a predecessor of {business_key}")
        self.business_key = business_key
        self.awaits = awaits or business_key


Retryable = RcmRetryable
Permanent = RcmPermanent
