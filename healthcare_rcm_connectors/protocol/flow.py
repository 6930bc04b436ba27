"""How soon a flow has to be worked on: its class and its place in line."""

REAL_TIME, BATCH = "real_time", "batch"
NO_MONEY, LEADS_TO_MONEY, MOVES_MONEY = "none", "indirect", "direct"
MINUTES, HOURS, DAYS = "minutes", "hours", "days"
SENSITIVITIES = (NO_MONEY, LEADS_TO_MONEY, MOVES_MONEY)
URGENCIES = (MINUTES, HOURS, DAYS)

# Smaller is earlier. Classes lie so far apart that no urgency crosses them; what a
# connector marks as history comes after everything else.
CLASS_PRIORITY = {REAL_TIME: 10, BATCH: 20}
URGENCY_STEP = {MINUTES: 0, HOURS: 3, DAYS: 6}
HISTORY_STEP = 100


def advise(sensitivity, urgency, reconciled=False, patient=False):
    """The class a flow should have: real time or batch.

    Somebody waiting, or a patient who sees the result, makes it real time; so does
    money that is asked for or moves within the day. What is reconciled as a whole, once
    a day, gains nothing from coming one by one.
    """
    if urgency == MINUTES or patient:
        return REAL_TIME
    if urgency == HOURS and sensitivity != NO_MONEY and not reconciled:
        return REAL_TIME
    return BATCH


def priority(delivery_class, urgency, history=False):
    """Place in line: the class decides first, then how soon it is needed."""
    place = CLASS_PRIORITY[delivery_class] + URGENCY_STEP[urgency]
    return place + HISTORY_STEP if history else place
