from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from . import builders
from . import common_ground as ground

# Stored models whose changes are not logged by themselves, and why that is enough.
NOT_AUDITED = {
    "rcm.delivery": "the outbox: tells of rows of this log; resending is logged",
    "rcm.delivery.attempt": "written once beside its delivery",
    "rcm.event.attempt": "written once beside its event, which logs its states",
    "rcm.event.type.check.line": "what a check found; the check is logged",
    "rcm.exception.occurrence": "written once beside its case",
    "rcm.exception.escalation.notice": "written once beside its case, which logs it",
    "rcm.identifier": "crosswalk kept by intake; the steps that fill it are logged",
    "rcm.match.key": "derived from the patient account, made again at any time",
    "rcm.payer.overpayment.use": "written by the overpayment's own logged steps",
    "rcm.remittance.adjustment": "content of the file, covered by the file's hash",
    "rcm.remittance.provider.adjustment": "content of the file",
    "rcm.remittance.receipt": "written once when a file comes",
    "rcm.reconciliation.result": "what a run found; the run is logged",
    "rcm.reconciliation.break": "what a run found; the run is logged",
    "rcm.remittance.resolution": "written by steps that log it on the claim",
    "rcm.traffic": "counts, made again from events at any time",
    "rcm.replay.line": "what a replay found; the replay and its events are logged",
    "rcm.deposit.close.line": "what was open when the day was closed, kept with it",
    "rcm.remittance.service": "content of the file, covered by the file's hash",
}
# Fields that decide something and are covered otherwise.
NOT_LOGGED = {
    ("rcm.approval.delegation", "amount_to"): "made whole and logged, never changed",
    ("rcm.exception.case", "root_cause"): "logged with the closing step",
    ("rcm.exception.case", "resolution_code"): "logged with the closing step",
}
# Records of Odoo that give rights or make things happen by themselves.
RIGHTS = (
    "res.users",
    "res.groups",
    "ir.rule",
    "ir.model.access",
    "res.company",
    "ir.config_parameter",
    "base.automation",
    "ir.cron",
    "ir.actions.server",
)
# Records of Odoo that decide where and when the suite posts.
LEDGER = ("account.journal", "res.company")
# Contacts that money comes from or goes to.
CONTACTS = ("res.partner", "res.partner.bank")


@tagged("post_install", "-at_install")
class TestAuditCoverage(TransactionCase):
    """Every suite model is audited, or is on the short list with its reason."""

    def own_models(self):
        for name in self.registry:
            cls = self.registry[name]
            if name.startswith("rcm.") and cls._auto and not cls._transient:
                if not cls._abstract and cls._table_query is None:
                    yield name, cls

    def is_logged(self, name):
        """Whether changes of the model's records write to the log."""
        cls = self.registry[name]
        if issubclass(cls, self.registry["rcm.append.only.mixin"]):
            return True
        if not issubclass(cls, self.registry["rcm.audit.mixin"]):
            return False
        model = self.env[name]
        return bool(
            model._rcm_audit_fields
            or model._rcm_audit_edits
            or issubclass(cls, self.registry["rcm.document.mixin"])
        )

    def test_every_model_is_audited_or_on_the_list(self):
        missing = [
            name
            for name, _cls in self.own_models()
            if not self.is_logged(name) and name not in NOT_AUDITED
        ]
        self.assertEqual(missing, [], "inherit rcm.audit.mixin and name its fields")

    def test_the_list_is_short_and_true(self):
        self.assertLess(len(NOT_AUDITED), 22)
        for name, reason in NOT_AUDITED.items():
            with self.subTest(model=name):
                self.assertTrue(reason)
                if name in self.registry:
                    self.assertFalse(self.is_logged(name), "take it off the list")

    def test_states_amounts_and_prices_cannot_change_without_a_row(self):
        """Such a field is guarded (its steps log it) or logged when it is written."""
        missing = []
        for name, cls in self.own_models():
            if name in NOT_AUDITED or not self.is_logged(name):
                continue
            if issubclass(cls, self.registry["rcm.append.only.mixin"]):
                continue
            model = self.env[name]
            covered = {*model._rcm_audit_fields, *model._rcm_audit_edits}
            if issubclass(cls, self.registry["rcm.document.mixin"]):
                covered |= model._rcm_protected_fields()
            missing += [
                f"{name}.{field.name}"
                for field in model._fields.values()
                if self.decides(field)
                and field.name not in covered
                and (name, field.name) not in NOT_LOGGED
            ]
        self.assertEqual(missing, [])

    @staticmethod
    def decides(field):
        if not field.store or field.compute or field.related or field.readonly:
            return False
        return (
            field.name in ("state", "active")
            or field.type == "monetary"
            or field.name.endswith(("percent", "amount", "charge", "price"))
        )

    def test_rights_are_audited(self):
        for name in RIGHTS:
            with self.subTest(model=name):
                self.assertTrue(self.is_logged(name))

    def test_contacts_are_audited(self):
        for name in CONTACTS:
            with self.subTest(model=name):
                self.assertTrue(self.is_logged(name))

    def test_journals_and_closed_months_are_audited(self):
        for name in LEDGER:
            with self.subTest(model=name):
                self.assertTrue(self.is_logged(name))
        company = self.env["res.company"]
        locks = {name for name in company._fields if name.endswith("_lock_date")}
        locks = {name for name in locks if company._fields[name].store}
        self.assertGreaterEqual(len(locks), 5)
        self.assertLessEqual(locks, set(company._rcm_audit_edits))
        journal = self.env["account.journal"]
        self.assertLessEqual(
            {"active", "default_account_id", "restrict_mode_hash_table"},
            set(journal._rcm_audit_edits),
        )


@tagged("post_install", "-at_install")
class TestWhatIsLogged(TransactionCase):
    def last(self, record, event, field=None):
        """The changes of the newest row of this event (that names ``field``)."""
        bodies = ground.audit_rows(self.env, record, event)._rcm_bodies()
        fitting = [id_ for id_, body in bodies.items() if not field or field in body]
        self.assertTrue(fitting, f"no audit row for {event}")
        return bodies[max(fitting)]

    def test_a_captured_charge_s_amount(self):
        encounter = builders.encounter(self.env, ["100"])
        charge = encounter.charge_ids
        charge.amount = 90
        self.assertEqual(
            self.last(charge, "rcm.charge.changed")["amount"], [100.0, 90.0]
        )

    def test_companies_and_facilities_of_a_person(self):
        user = ground.role_user(self.env, "biller")
        company = self.env["res.company"].create({"name": "Second"})
        user.company_ids = [Command.link(company.id)]
        change = self.last(user, "res.users.changed", "company_ids")
        self.assertIn(company.id, change["company_ids"][1])
        facility = builders.facility(self.env)
        user.rcm_facility_ids = facility
        change = self.last(user, "res.users.changed", "rcm_facility_ids")
        self.assertEqual(change["rcm_facility_ids"], [[], facility.ids])

    def test_api_keys_without_the_key(self):
        user = ground.role_user(self.env, "integration")
        Keys = self.env["res.users.apikeys"].with_user(user).sudo()
        until = fields.Datetime.now() + timedelta(days=1)
        key = Keys._generate("rpc", "feed", until)
        row = ground.audit_rows(self.env, user, "res.users.api_key_created")[-1]
        body = row._rcm_bodies()[row.id]
        self.assertEqual((body["name"], body["scope"]), ([None, "feed"], [None, "rpc"]))
        self.assertNotIn(key, str(body))
        Keys.search([("user_id", "=", user.id)]).unlink()
        self.assertEqual(
            self.last(user, "res.users.api_key_removed")["name"], ["feed", None]
        )

    def test_settings_of_the_suite_and_no_others(self):
        company = self.env.company
        company.rcm_self_pay_concession_percent = 12
        change = self.last(company, "res.company.changed")
        self.assertEqual(change["rcm_self_pay_concession_percent"][1], 12.0)
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("healthcare_rcm_base.draft_ageing_days", "9")
        ours = parameters.search(
            [("key", "=", "healthcare_rcm_base.draft_ageing_days")]
        )
        self.assertEqual(
            self.last(ours, "ir.config_parameter.changed")["value"][1], "9"
        )
        parameters.set_param("somebody.secret", "CANARY")
        theirs = parameters.search([("key", "=", "somebody.secret")])
        self.assertFalse(ground.audit_rows(self.env, theirs))

    def test_account_mapping(self):
        mapping = self.env["rcm.account.mapping"].search([], limit=1)
        if not mapping:
            builders.company(self.env, "Mapped clinic")
            mapping = self.env["rcm.account.mapping"].search([], limit=1)
        before = mapping.account_id
        copy = before.copy()
        mapping.account_id = copy
        self.assertEqual(
            self.last(mapping, "rcm.account.mapping.changed")["account_id"],
            [before.id, copy.id],
        )

    def test_our_journals_and_no_others(self):
        company = builders.company(self.env, "Journal clinic")
        ours = company.rcm_remittance_journal_id
        theirs = ours.copy({"code": "OTHR"})
        (ours | theirs).write({"name": "Renamed", "restrict_mode_hash_table": True})
        change = self.last(ours, "account.journal.changed", "name")
        self.assertEqual(change["name"][1], "Renamed")
        row = ground.audit_rows(self.env, ours)[-1]
        self.assertEqual(row.company_id, company.id)
        self.assertFalse(ground.audit_rows(self.env, theirs))

    def test_closing_a_month(self):
        company = builders.company(self.env, "Closing clinic")
        company.fiscalyear_lock_date = "2020-01-31"
        change = self.last(company, "res.company.changed", "fiscalyear_lock_date")
        self.assertEqual(change["fiscalyear_lock_date"], [None, "2020-01-31"])
        company.fiscalyear_lock_date = False
        change = self.last(company, "res.company.changed", "fiscalyear_lock_date")
        self.assertEqual(change["fiscalyear_lock_date"], ["2020-01-31", None])
