"""Pure rules of the revenue cycle: no Odoo, no clock, no network, no randomness."""
