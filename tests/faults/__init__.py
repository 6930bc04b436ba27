"""What the suite survives: killed workers, a database that crashes, repeats, disorder.

A real Odoo server with workers on a database of its own is fed by the simulator while
something goes wrong. Afterwards the books, the audit chain and what was logged must be
those of a run in which nothing went wrong. Driven by ``setup/faults`` (long) and by
``test_faults.py`` (short); nothing here is loaded in production, and production code
knows nothing of it.
"""
