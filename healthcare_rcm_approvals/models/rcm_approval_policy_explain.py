from odoo import api, models
from odoo.tools import format_date, formatLang


class RcmApprovalPolicy(models.Model):
    """Why a policy applies to a document or does not, in words."""

    _inherit = "rcm.approval.policy"

    @api.model
    def _rcm_explain(self, routing):
        """A line for every policy that was considered, in the order they were.

        :return: list of (policy, code of the verdict, text)
        """
        return [
            (self.browse(verdict.policy.ref), verdict.code, self._rcm_say(verdict))
            for verdict in routing.verdicts
        ]

    @api.model
    def _rcm_say(self, verdict):
        """What became of one policy, as a sentence."""
        texts = {
            "matched": self.env._("Applies: every condition holds."),
            "lower_priority": self.env._(
                "Its conditions hold too, but another policy goes before it."
            ),
            "domain": self.env._("The document does not meet its further condition."),
            "domain_broken": self.env._(
                "Its further condition cannot be evaluated, so nothing is let through. "
                "Mend the condition."
            ),
            "effect": self.env._("It is about another step of the document."),
        }
        if verdict.code in texts:
            return texts[verdict.code]
        low, high = self._rcm_say_values(verdict)
        return {
            "company": self.env._("It is for %s.", low),
            "not_yet": self.env._("It is in effect from %s on.", low),
            "expired": self.env._("It ended on %s.", low),
            "facility": self.env._("It is for %s.", low),
            "department": self.env._("It is for documents charged to %s.", low),
            "payer_type": self.env._("It is for payers of type %s.", low),
            "vendor_category": self.env._("It is for vendors tagged %s.", low),
            "contract_type": self.env._("It is for contracts of type %s.", low),
            "risk_below": self.env._(
                "The risk score %(actual)s is below %(limit)s.", actual=high, limit=low
            ),
            "risk_above": self.env._(
                "The risk score %(actual)s is not below %(limit)s.",
                actual=high,
                limit=low,
            ),
            "amount_below": self.env._(
                "The amount %(actual)s is below %(limit)s.", actual=high, limit=low
            ),
            "amount_above": self.env._(
                "The amount %(actual)s is not below %(limit)s.", actual=high, limit=low
            ),
        }[verdict.code]

    @api.model
    def _rcm_say_values(self, verdict):
        """What the condition wants and what is there, as texts."""
        code, expected, actual = verdict.code, verdict.expected, verdict.actual
        models_by_code = {
            "company": "res.company",
            "facility": "rcm.facility",
            "department": "account.analytic.account",
            "vendor_category": "res.partner.category",
        }
        if code in models_by_code:
            ids = expected if isinstance(expected, frozenset) else [expected]
            # names of what the policy says it is for
            records = self.env[models_by_code[code]].browse(sorted(ids)).sudo()
            return self.env._(" or ").join(records.exists().mapped("name")), ""
        if code in ("payer_type", "contract_type"):
            terms = self.env["rcm.approval.term"].search(
                [("kind", "=", code), ("code", "in", list(expected))]
            )
            return self.env._(" or ").join(terms.mapped("name")), ""
        if code in ("not_yet", "expired"):
            return format_date(self.env, expected), ""
        if code.startswith("amount"):
            return tuple(formatLang(self.env, float(one)) for one in (expected, actual))
        return expected, actual
