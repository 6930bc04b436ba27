"""Payer simulator: seeded patients, encounters, statuses, 835s, deposits and truth.

Pure Python on the standard library: it imports neither Odoo nor the suite, so what
it says a ledger should hold cannot repeat a mistake of the suite.
"""
