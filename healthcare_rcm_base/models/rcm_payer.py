from odoo import api, fields, models

from ..core import claim_versions

# How a billed claim is corrected.
CORRECTION_MODES = [
    (claim_versions.REPLACE, "A replacement of the whole claim"),
    (claim_versions.BY_LINE, "The corrected lines alone"),
    (claim_versions.REOPENING, "A reopening, asked for by phone or portal"),
    (claim_versions.NEW, "A new original claim"),
]
# Who takes claims in; a billing platform sends them on by itself.
ROUTES = [
    ("clearinghouse", "Clearinghouse"),
    ("direct", "Payer itself"),
    ("platform", "Billing platform"),
]
PLAN_TYPES = [
    ("commercial", "Commercial"),
    ("medicare", "Medicare"),
    ("medicaid", "Medicaid"),
    ("workers_comp", "Workers' compensation"),
    ("auto", "Automobile"),
    ("self_pay", "Self-pay"),
    ("other", "Other"),
]


class RcmPayer(models.Model):
    """Who pays claims: an insurer or a government plan, with how we deal with it."""

    _name = "rcm.payer"
    _inherit = ["rcm.debtor.mixin", "rcm.audit.mixin"]
    _description = "Payer"
    _order = "name, id"
    _rec_names_search = ["name", "code", "payer_identifier"]
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "code",
        "partner_id",
        "payer_identifier",
        "plan_type",
        "filing_indicator",
        "timely_filing_days",
        "timely_filing_corrected_days",
        "timely_filing_secondary_days",
        "appeal_days",
        "answer_days",
        "posting_policy",
        "accept_4010",
        "status_first",
        "correction_mode",
        "submission_route",
        "active",
    )

    name = fields.Char(required=True)
    code = fields.Char(
        required=True, help="Our own short code; source systems send it in events."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="Customer on invoices to this payer. Made automatically.",
    )
    payer_identifier = fields.Char(
        string="Payer ID on Remittances",
        help="How the payer names itself: TRN03 (1 and its tax ID) or the identifier "
        "in REF*2U. Others go into the identifiers below.",
    )
    payer_identifier_ids = fields.One2many(
        "rcm.identifier",
        "res_id",
        string="Other Identifiers",
        domain=[("res_model", "=", "rcm.payer")],
        readonly=True,
    )
    plan_type = fields.Selection(PLAN_TYPES, required=True, default="commercial")
    filing_indicator = fields.Char(
        size=2, help="Claim filing indicator on claims and remittances, e.g. CI, MB."
    )
    timely_filing_days = fields.Integer(
        string="Original Claim",
        default=365,
        help="Days from the service until an original claim has to be there; "
        "0 for no limit.",
    )
    timely_filing_corrected_days = fields.Integer(
        string="Corrected Claim", help="Days from adjudication; 0 for no limit."
    )
    timely_filing_secondary_days = fields.Integer(
        string="Secondary Claim",
        help="Days from the first payer's adjudication; 0 for no limit.",
    )
    appeal_days = fields.Integer(
        string="Appeal", help="Days from the denial; 0 for no limit."
    )
    posting_policy = fields.Selection(
        [
            ("park_claim", "Post the rest, park the claim"),
            ("all_or_nothing", "Hold the whole remittance"),
        ],
        required=True,
        default="park_claim",
        help="When one claim of a remittance cannot be posted: its cash waits on "
        "unapplied payer cash, or nothing is posted until it is solved.",
    )
    accept_4010 = fields.Boolean(
        string="Accept Version 4010",
        help="Take in remittances in the old version 004010.",
    )
    status_first = fields.Boolean(
        help="Hold this payer's remittances until a claim status says the claim is "
        "finalised.",
    )
    invoice_rule_ids = fields.One2many(
        "rcm.invoice.rule", "payer_id", string="Invoice Rules"
    )
    submission_route = fields.Selection(
        ROUTES,
        string="Claims Go To",
        required=True,
        default="clearinghouse",
        help="Batches are made by it: one for all payers of a clearinghouse or billing "
        "platform, one for each payer that takes claims itself.",
    )
    correction_mode = fields.Selection(
        CORRECTION_MODES,
        string="Takes Corrections As",
        required=True,
        default="replacement",
        help="How this payer wants a billed claim corrected. All but a new original "
        "name the payer's own claim number.",
    )
    contract_ids = fields.One2many("rcm.payer.contract", "payer_id", string="Contracts")
    contract_count = fields.Integer(compute="_compute_contract_count")
    phone = fields.Char(string="Provider Line")
    website = fields.Char(string="Portal")
    note = fields.Text(string="Internal Notes")

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A payer with this code exists already."
    )
    _identifier_company_uniq = models.UniqueIndex(
        "(company_id, payer_identifier) WHERE payer_identifier IS NOT NULL",
        "Another payer has this payer ID.",
    )
    _days_not_negative = models.Constraint(
        "CHECK(timely_filing_days >= 0 AND timely_filing_corrected_days >= 0 "
        "AND timely_filing_secondary_days >= 0 AND appeal_days >= 0)",
        "Filing and appeal limits cannot be negative.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _compute_contract_count(self):
        counts = self.env["rcm.payer.contract"]._read_group(
            [("payer_id", "in", self.ids)], ["payer_id"], ["__count"]
        )
        by_payer = {payer.id: count for payer, count in counts}
        for payer in self:
            payer.contract_count = by_payer.get(payer.id, 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("payer_identifier") is not None:
                vals["payer_identifier"] = (vals["payer_identifier"] or "").strip()
                vals["payer_identifier"] = vals["payer_identifier"] or False
        return super().create(vals_list)

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find_by_identifier(self, value, company):
        """Return the payer of ``company`` that calls itself ``value``, maybe empty."""
        if not value:
            return self.browse()
        payer = self.search(
            [("company_id", "=", company.id), ("payer_identifier", "=", value)]
        )
        if payer:
            return payer
        Identifier = self.env["rcm.identifier"]
        known = Identifier._rcm_lookup("payer", "payer_id", value, company)
        return (
            known if known is not None and known._name == self._name else self.browse()
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_rcm_contracts(self):
        """Open the contracts with this payer."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_payer_contract_action"
        )
        action["domain"] = [("payer_id", "=", self.id)]
        action["context"] = {"default_payer_id": self.id}
        return action
