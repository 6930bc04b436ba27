from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..policy import Policy, from_json, to_json

# Known by identity, so that no context of a client can stand in for it.
IN_ONE_VERSION = object()


class RcmApprovalPolicyVersion(models.Model):
    """The rules of a policy as they stood from one moment on. Never changed.

    A request points at the version it was made under and is decided by its steps,
    whatever becomes of the policy.
    """

    _name = "rcm.approval.policy.version"
    _description = "Approval Policy Version"
    _inherit = ["rcm.document.mixin"]
    _order = "policy_id, number desc"
    _rec_names_search = ("policy_id.name",)
    _rcm_protected = (
        "policy_id",
        "number",
        "snapshot",
        "snapshot_hash",
        "sentence",
        "is_active",
        "valid_from",
        "user_id",
    )

    policy_id = fields.Many2one(
        "rcm.approval.policy",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True)
    number = fields.Integer("Version", required=True, readonly=True)
    snapshot = fields.Json(required=True, readonly=True)
    snapshot_hash = fields.Char(
        readonly=True, help="SHA-256 of the rules, as canonical JSON."
    )
    sentence = fields.Char("In Words", readonly=True)
    is_active = fields.Boolean("Active", readonly=True)
    valid_from = fields.Datetime("In Effect Since", required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "Changed By", required=True, readonly=True, ondelete="restrict"
    )

    _number_unique = models.UniqueIndex(
        "(policy_id, number)", "This version of the policy exists already."
    )

    @api.depends("policy_id.name", "number")
    def _compute_display_name(self):
        for version in self:
            name = version.policy_id.name or ""
            version.display_name = self.env._(
                "%(policy)s, version %(number)s", policy=name, number=version.number
            )

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise AccessError(self.env._("Versions of policies are evidence."))

    @api.model
    def _rcm_take(self, policies):
        """Keep a version of each policy whose rules differ from the newest kept."""
        # who may change the policy makes its version; nobody else may make one
        Version = self.sudo()
        newest = {
            version.policy_id.id: version
            for version in Version.search(
                [("policy_id", "in", policies.ids)], order="number"
            )
        }
        vals_list = []
        for policy in policies.sudo().with_context(active_test=False):
            snapshot = {**to_json(policy._rcm_facts()), "active": policy.active}
            snapshot_hash = digest(snapshot)
            kept = newest.get(policy.id)
            if kept and kept.snapshot_hash == snapshot_hash:
                continue
            vals_list.append(
                {
                    "policy_id": policy.id,
                    "number": (kept.number if kept else 0) + 1,
                    "snapshot": snapshot,
                    "snapshot_hash": snapshot_hash,
                    "sentence": policy.sentence,
                    "is_active": policy.active,
                    "valid_from": fields.Datetime.now(),
                    "user_id": self.env.uid,
                }
            )
        versions = Version._rcm_create(vals_list)
        versions._rcm_emit("approval_policy.version_taken")
        policies.invalidate_recordset(["version_ids", "version"])
        return versions

    def _rcm_policy(self) -> Policy:
        """The policy as it stood, as the pure rules want it."""
        self.ensure_one()
        return from_json(self.snapshot)

    def _rcm_steps(self):
        """The steps as they stood: a tuple of :class:`~.policy.Step`, in order."""
        return self._rcm_policy().steps

    def _rcm_changed_by(self) -> frozenset:
        """Ids of everybody who made this policy what it was under this version.

        They do not approve under it. Drafts count: who edited one changed the policy.
        """
        self.ensure_one()
        version = self.sudo()  # who changed the rules, nothing else
        earlier = version.policy_id.version_ids.filtered(
            lambda kept: kept.number <= version.number
        )
        changes = version.policy_id.change_ids.filtered(
            lambda change: (
                change.state == "applied" and change.applied_at <= version.valid_from
            )
        )
        authors = (
            earlier.user_id
            | changes.proposed_by_id
            | changes.draft_id.version_ids.user_id
        )
        return frozenset(authors.ids)
