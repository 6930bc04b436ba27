"""What a benchmark says: one JSON object a line, and its progress beside it."""

import json
import sys


def report(metric, value, unit, goal, better, against, runs):
    """One line of output."""
    print(
        json.dumps(
            {
                "metric": metric,
                "value": round(value, 3),
                "unit": unit,
                "goal": goal,
                "better": better,
                "against": against,
                "runs": runs,
            }
        ),
        flush=True,
    )


def say(text):
    """Progress for the person who waits."""
    print(f"  bench: {text}", file=sys.stderr, flush=True)
