"""Where an error happened, without what it says."""

import traceback
from pathlib import PurePath

OWN = "healthcare_rcm"


def place_of(error):
    """Kind and innermost own place of ``error``.

    The text of an unforeseen error may quote a payload, so it is never kept.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    own = [frame for frame in frames if OWN in frame.filename]
    frame = (own or frames)[-1]
    name = PurePath(frame.filename).name
    return f"{type(error).__name__} at {name}:{frame.lineno} in {frame.name}"
