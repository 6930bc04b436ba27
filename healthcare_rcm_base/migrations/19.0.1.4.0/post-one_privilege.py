"""All groups of the suite stand under one privilege; there was one for each role."""

from odoo import SUPERUSER_ID, api

MODULE = "healthcare_rcm_base"
ONE = "privilege_healthcare_rcm"


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    one = env.ref(f"{MODULE}.{ONE}")
    names = env["ir.model.data"].search(
        [
            ("module", "=", MODULE),
            ("model", "=", "res.groups.privilege"),
            ("name", "!=", ONE),
        ]
    )
    former = env["res.groups.privilege"].browse(names.mapped("res_id")).exists()
    # the suite's own groups have moved with its data, others made under them have not
    env["res.groups"].search([("privilege_id", "in", former.ids)]).privilege_id = one
    former.unlink()
