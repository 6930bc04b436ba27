"""Companies that have built no claim yet get the sequence of their control numbers."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    # upgrade of the module by the loader
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["res.company"].with_context(active_test=False).search(
        []
    )._rcm_ensure_sequences()
