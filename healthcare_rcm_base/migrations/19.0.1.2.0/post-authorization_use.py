"""Claims validated before units had rows of their own get theirs.

The units themselves were counted at the time and stay as they are: only what says
which charge took them was missing, so that a withdrawn claim gives them back.
"""

from odoo import SUPERUSER_ID, api

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

PAGE = 500
UNIT_DIGITS = 3
STANDING = ("draft", "void", "superseded")


def migrate(cr, version):
    # upgrade of the module by the loader
    env = api.Environment(cr, SUPERUSER_ID, {})
    # A claim is taken back to draft with its units; later states hold theirs.
    claims = env["rcm.claim"].search([("state", "not in", STANDING)], order="id")
    for start in range(0, len(claims), PAGE):
        _note_uses(env, claims[start : start + PAGE])
        env.invalidate_all()


def _note_uses(env, claims):
    Check, Use = env["rcm.validation.check"], env["rcm.authorization.use"]
    claims = claims.filtered(lambda claim: claim._rcm_standing() not in STANDING)
    lines = Check._rcm_lines_to_authorize(claims)
    known = Use.search([("charge_id", "in", lines.charge_id.ids)]).charge_id
    left, vals_list = {}, []
    for line in lines:
        authorization = Check._rcm_authorization(line)
        if not authorization or not line.charge_id or line.charge_id in known:
            continue
        units = to_decimal(line.units, UNIT_DIGITS)
        if authorization not in left:
            left[authorization] = _uncounted(authorization)
        # No more than was counted: an authorization named afterwards took nothing.
        if not 0 < units <= left[authorization]:
            continue
        left[authorization] -= units
        known |= line.charge_id
        vals_list.append(
            {
                "authorization_id": authorization.id,
                "charge_id": line.charge_id.id,
                "claim_id": line.claim_id.id,
                "code": line.code,
                "units": line.units,
                "service_date": line.service_date,
                "correlation_id": line.claim_id.correlation_id,
            }
        )
    if vals_list:
        Use._rcm_create(vals_list)


def _uncounted(authorization):
    """Units that were used and that no row says the use of."""
    open_uses = authorization.use_ids.filtered(lambda use: not use.released_at)
    return to_decimal(authorization.units_used, UNIT_DIGITS) - sum(
        to_decimal(use.units, UNIT_DIGITS) for use in open_uses
    )
