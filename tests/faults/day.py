"""The period that is played: small, and nobody has to decide anything in it."""

try:  # in the tests of the add-on, and beside the simulator as a script
    from ..simulator.knobs import Knobs
except ImportError:
    from simulator.knobs import Knobs

KNOBS = Knobs(
    encounters=12,
    payer_weights={"ACME": 4, "MEDICARE": 4, "STATEAID": 2, "UNITY": 2},
    large_claims=0,
    missing_diagnosis=0,
    missing_authorization=0,
    batch=0,
    stories={},
    contracts=False,
)
