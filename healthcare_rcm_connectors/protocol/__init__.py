"""Pure rules of the doors: no Odoo, no clock, no network, no randomness."""
