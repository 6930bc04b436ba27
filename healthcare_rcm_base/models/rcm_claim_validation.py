from collections import defaultdict

from odoo import fields, models


class RcmClaim(models.Model):
    """Checking draft claims against the validation rules."""

    _inherit = "rcm.claim"

    def _rcm_validate(self):
        """Check draft claims; those that pass become validated.

        :return: the claims that are validated now
        """
        drafts = self.filtered(lambda claim: claim.state == "draft")
        if not drafts:
            return drafts
        rules = self.env["rcm.validation.rule"]._rcm_in_force()
        failures = rules._rcm_failures(drafts)
        stopped = drafts.filtered(
            lambda claim: any(
                rule.severity == "block" for rule, _text in failures.get(claim.id, ())
            )
        )
        drafts._rcm_note_warnings(failures)
        stopped._rcm_raise_validation_cases(failures)
        drafts._rcm_resolve_passed(rules, failures)
        passed = drafts - stopped
        passed._rcm_set_validated()
        return passed

    def _rcm_claim_type(self):
        """``institutional`` or ``professional``, as the claim says."""
        self.ensure_one()
        return self.claim_form or "professional"

    def _rcm_note_warnings(self, failures):
        """Keep what only warns on the claim, where the biller sees it."""
        notes = defaultdict(self.browse)
        for claim in self:
            texts = [
                text
                for rule, text in failures.get(claim.id, ())
                if rule.severity == "warn"
            ]
            note = "\n".join(texts) or False
            if (claim.warning_text or False) != note:
                notes[note] |= claim
        for note, claims in notes.items():
            claims._rcm_write({"warning_text": note})

    def _rcm_raise_validation_cases(self, failures):
        """One case per exception type and claim, naming all that is wrong of it."""
        groups = defaultdict(lambda: self.env["rcm.claim"])
        for claim in self:
            texts = defaultdict(list)
            for rule, text in failures[claim.id]:
                if rule.severity == "block":
                    texts[rule.exception_type_id.code].append(text)
            for code, parts in texts.items():
                groups[code, " ".join(parts)] |= claim
        for (code, message), claims in groups.items():
            amounts = {claim.id: claim.total_charge for claim in claims}
            claims._rcm_raise_case(code, message, amount=amounts)
        for times, claims in self.grouped("failed_edits").items():
            claims._rcm_write({"failed_edits": times + 1})

    def _rcm_resolve_passed(self, rules, failures):
        """Close open validation cases whose rule does not stop the claim any more."""
        checked = set(rules.exception_type_id.mapped("code")) | {"claim_invalid"}
        failing = defaultdict(set)
        for claim in self:
            for rule, _text in failures.get(claim.id, ()):
                if rule.severity == "block":
                    failing[claim.id].add(rule.exception_type_id.code)
        Case = self.env["rcm.exception.case"]
        # Closing what validation opened is not a right of the person who runs it.
        cases = Case.sudo().search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", "rcm.claim")
            & fields.Domain("res_id", "in", self.ids)
            & fields.Domain("type_code", "in", list(checked))
        )
        done = cases.filtered(lambda case: case.type_code not in failing[case.res_id])
        done._rcm_close("resolved", "cleared_itself", self.env._("Validation passed."))

    def _rcm_set_validated(self):
        """Freeze the charges: from here on they are billed, not overwritten."""
        clean = self.filtered(
            lambda claim: not claim.failed_edits
            and not claim.warning_text
            and not claim.touched
        )
        clean._rcm_set_state("validated", clean_claim=True)
        (self - clean)._rcm_set_state("validated")
        self._rcm_use_authorizations(1)
        self.line_ids.charge_id._rcm_move("billed")

    def _rcm_use_authorizations(self, sign):
        """Take the claims' units off their authorizations, or give them back.

        A service that the version before carries has used its units already.
        """
        self._rcm_use_units_of(
            self.line_ids.filtered(
                lambda line: line.charge_id
                not in line.claim_id.replaces_id.line_ids.charge_id
            ),
            sign,
        )
