"""A record of any model of the suite, for tests that ask every model the same.

What documents are made of comes from the builders of the modules; the rest is filled
in from the fields a model requires. Where that is not enough, ``VALUES`` says what
else a model wants.
"""

from datetime import date, datetime
from itertools import count

from odoo import Command

from odoo.addons.healthcare_rcm_base.tests import builders

_numbers = count(1)

# What the required fields do not tell. A value may be a function of the factory.
VALUES = {
    "rcm.exception.case": {
        "res_model": "res.partner",
        "res_id": 1,
        "record_name": "Document",
    },
    "rcm.payer.contract.rate": {"code": "99213", "amount": 10.0},
    "rcm.approval.delegation": {
        "date_to": datetime(2040, 1, 1),
        "delegate_id": lambda factory: _user(factory, "approver"),
    },
    "rcm.audit.hold": {"thread": "factory"},
    "rcm.authorization.use": {"units": 1.0},
    "rcm.audit.witness": {"email": "witness@example.com"},
    "rcm.charge": {"code": "99213", "service_date": date(2026, 3, 2)},
    "rcm.event.type": {"schema": '{"type": "object"}'},
    "rcm.identifier": {"res_model": "rcm.payer", "res_id": 1},
    "rcm.connector.pull": {"address": "https://source.example.com/events"},
    "rcm.connector.pull.fetch": {"reference": "remit-1"},
    "rcm.event.type.check": {"type_id": lambda factory: _event_type(factory)},
    "rcm.facility.onboarding.item": {"res_model": "rcm.facility", "res_id": 1},
    "rcm.mapping.line": {"target": "facility", "source": "site"},
    "rcm.redaction.rule": {"path": "patient.ssn"},
    "rcm.secret": {"res_model": "rcm.webhook", "res_id": 1},
    "rcm.traffic": {"kind": "hour", "hour": datetime(2026, 3, 2)},
    "rcm.alert": {"subject_key": "-"},
    "rcm.auth.failure": {
        "address": "203.0.113.9",
        "minute": datetime(2026, 3, 2),
        "reason": "key",
    },
    "rcm.webhook": {"url": "https://receiver.example.com/hook"},
    "res.partner": {"name": "Contact"},
}
# Dialogs whose defaults are the records they are opened on.
OPENED_ON_RECORDS = ("validate.account.move",)
# What only a step of its own makes.
MADE_BY = {
    "rcm.audit.seal": lambda env: env["rcm.audit.seal"]._rcm_seal_block(),
    # opened on chosen entries only, and kept for no longer than the dialog
    "validate.account.move": lambda env: None,
}


def _user(factory, role):
    """A user of ``role``; connectors need a service user of their own."""
    group = factory.env.ref(f"healthcare_rcm_base.group_{role}")
    number = next(_numbers)
    return (
        factory.env["res.users"]
        .create(
            {
                "name": f"Person {number}",
                "login": f"factory-{role}-{number}",
                "group_ids": [Command.set(group.ids)],
                "company_id": factory.company.id,
                "company_ids": [Command.set(factory.company.ids)],
            }
        )
        .id
    )


def _event_type(factory):
    """A contract of the suite."""
    return factory.env["rcm.event.type"].search([], limit=1).id


def _open_encounter(factory):
    """An encounter that nothing has billed yet."""
    made = builders.encounter(factory.env, ["10"], company=factory.company)
    return made.id


VALUES["rcm.service.package"] = {
    "component_ids": lambda factory: [
        [0, 0, {"service_code_id": factory.get("rcm.service.code").id}]
    ],
}
VALUES["rcm.fund"] = {"amount": 100.0}
VALUES["rcm.fund.evidence"] = {
    "order_id": lambda factory: factory.get("purchase.order").id,
    "file": b"cXVvdGU=",
}
VALUES["rcm.outsourced.contract"] = {
    "product_id": lambda factory: factory.env["product.product"]
    .create({"name": "Bought service", "type": "service"})
    .id,
}
VALUES["rcm.service.contract.line"] = {
    "service_code_id": lambda factory: factory.get("rcm.service.code").id,
}
VALUES["rcm.provider.enrollment"] = {
    "provider_id": lambda factory: factory.get("rcm.provider").id,
}
VALUES["rcm.service.contract"] = {
    "patient_id": lambda factory: factory.get("rcm.patient.account").id,
}
VALUES["rcm.encounter.code"] = {"encounter_id": _open_encounter}
VALUES["rcm.exception.owner"] = {
    "facility_id": lambda factory: factory.get("rcm.facility").id,
}
VALUES["account.move.line"] = {
    "move_id": lambda factory: factory.get("account.move").id,
}
VALUES["rcm.exception.owner"] = {
    "facility_id": lambda factory: factory.get("rcm.facility").id,
}
VALUES["rcm.connector"] = {"user_id": lambda factory: _user(factory, "integration")}
VALUES["account.payment"] = {
    "payment_type": "outbound",
    "amount": 1.0,
    "journal_id": lambda factory: factory.env["account.journal"]
    .search([("type", "=", "bank"), ("company_id", "=", factory.company.id)], limit=1)
    .id,
}
VALUES["rcm.refund"] = {
    "patient_id": lambda factory: factory.get("rcm.patient.account").id,
}
VALUES["rcm.credit.hold"] = {
    "patient_id": lambda factory: factory.get("rcm.patient.account").id,
}
VALUES["rcm.requested.document.reverse"] = {
    "res_model": "rcm.write.off",
    "res_ids": "0",
}


def suite_models(env):
    """Every model of the suite that a client can name: ``rcm.*``, not abstract."""
    return sorted(
        name
        for name, model in env.registry.items()
        if name.startswith("rcm.") and not model._abstract
    )


class RecordFactory:
    """Finds or makes one record a model, in one company."""

    def __init__(self, env, company):
        self.env = env(su=True, context={"allowed_company_ids": company.ids})
        self.company = company
        self.made = {}

    def get(self, name):
        """A record of ``name`` in the company, found or made; empty for views."""
        if name not in self.made:
            model = self.env[name]
            self.made[name] = self._find(model) or self._make(model)
        return self.made[name]

    def get_all(self, names):
        """{name: record}, and {name: why none could be made}."""
        records, unmade = {}, {}
        for name in names:
            try:
                with self.env.cr.savepoint():
                    records[name] = self.get(name)
            except Exception as error:  # noqa: BLE001 told by the test that asks
                records[name] = self.env[name]
                unmade[name] = f"{type(error).__name__}: {error}"
        return records, unmade

    def _find(self, model):
        if model._transient:
            return model.browse()
        found = model.with_context(active_test=False)
        if "company_id" not in model._fields or not model._fields["company_id"].store:
            return found.search([], limit=1, order="id desc")
        for company in (self.company.id, False):
            domain = [("company_id", "=", company)]
            if record := found.search(domain, limit=1, order="id desc"):
                return record
        return found.browse()

    def _make(self, model):
        if model._name in MADE_BY:
            MADE_BY[model._name](self.env)
            return self._find(model)
        append_only = "rcm.append.only.mixin" in model._inherit_module
        if not model._auto or model._table_query is not None or append_only:
            return model.browse()
        values = self.values(model)
        maker = model.with_company(self.company)
        create = getattr(maker, "_rcm_create", maker.create)  # past the guards
        return create([values]).with_env(self.env)

    def values(self, model):
        """Values of a new record: what is required and has no other source."""
        values = {}
        if "company_id" in model._fields and model._fields["company_id"].store:
            values["company_id"] = self.company.id
        for name, value in VALUES.get(model._name, {}).items():
            values[name] = value(self) if callable(value) else value
        opened = model._name not in OPENED_ON_RECORDS
        defaults = model.default_get(list(model._fields)) if opened else {}
        for name, field in model._fields.items():
            wanted = field.required and field.store and not field.related
            if wanted and name not in values and not defaults.get(name):
                if not field.compute or not field.readonly:
                    values[name] = self._value(model, field)
        return {name: value for name, value in values.items() if value is not None}

    def json_values(self, name):
        """Values of a new record as a client sends them."""
        model = self.env[name]
        return {
            key: str(value) if isinstance(value, date) else value
            for key, value in self.values(model).items()
        }

    def _value(self, model, field):
        if field.type == "many2one":
            if field.comodel_name == "res.company":
                return self.company.id
            if field.comodel_name == "res.users":
                return self.env.user.id
            return self.get(field.comodel_name).id
        if field.type == "selection":
            return field.get_values(self.env)[0]
        simple = {
            "char": f"X{next(_numbers)}",
            "text": "text",
            "html": "<p>text</p>",
            "integer": 1,
            "float": 1.0,
            "monetary": 1.0,
            "date": date(2026, 3, 2),
            "datetime": "2026-03-02 08:00:00",
            "binary": b"dGV4dA==",
            "boolean": True,
            "json": {},
        }
        return simple.get(field.type)
