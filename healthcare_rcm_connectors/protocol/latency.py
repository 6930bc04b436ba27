"""How long things take, kept as counts per bound so that hours can be added up."""

from bisect import bisect_left

# Seconds; the last bucket has no upper bound.
BOUNDS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
SIZE = len(BOUNDS) + 1


def bucket_of(seconds):
    """Index of the first bound that is not smaller than ``seconds``."""
    return bisect_left(BOUNDS, seconds)


def add(counts, others):
    """Both lists of counts, bucket by bucket; a missing one counts nothing."""
    left, right = counts or [0] * SIZE, others or [0] * SIZE
    return [a + b for a, b in zip(left, right, strict=True)]


def cumulative(counts):
    """[(bound as text, how many took at most so long), …] up to ``+Inf``."""
    reached, result = 0, []
    for bound, count in zip((*BOUNDS, None), counts, strict=True):
        reached += count
        result.append(("+Inf" if bound is None else f"{bound:g}", reached))
    return result


def quantile(counts, share):
    """Bound under which ``share`` of all lies; None without any.

    The true value lies in that bucket: the answer is never too small, except in the
    last bucket, for which its lower bound is told.
    """
    total = sum(counts or ())
    if not total:
        return None
    reached = 0
    for bound, count in zip(BOUNDS, counts, strict=False):
        reached += count
        if reached >= share * total:
            return bound
    return BOUNDS[-1]
