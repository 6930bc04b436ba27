"""The parts of ``check_ledger.py``: what was sent, what follows, what the books say."""
