from odoo import fields, models


class RcmApprovalTerm(models.Model):
    """A word documents use about themselves, for policies to choose from.

    Payer types are those of payers; contract types are what documents state in their
    facts; document types are what delegations are limited to. Modules that bring
    documents bring their words.
    """

    _name = "rcm.approval.term"
    _inherit = "rcm.audit.mixin"
    _description = "Approval Policy Word"
    _order = "kind, sequence, id"
    _rcm_audit_fields = ("kind", "code", "name")

    name = fields.Char(required=True, translate=True)
    kind = fields.Selection(
        [
            ("payer_type", "Payer type"),
            ("contract_type", "Contract type"),
            ("document_type", "Document type"),
        ],
        required=True,
    )
    code = fields.Char(required=True, help="As documents state it.")
    sequence = fields.Integer(default=10)

    _code_unique = models.UniqueIndex("(kind, code)", "This word exists already.")
