"""Every model and public method of the suite against every role, over real RPC."""

import json
import os
import random

from psycopg2 import IntegrityError

from odoo import Command
from odoo.api import model as model_method
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.core.ledger_entries import EntryError
from odoo.addons.healthcare_rcm_remittance.tests.remittance_common import (
    RemittanceCase,
)

from . import role_matrix
from .company_walls import CompanyWalls
from .field_matrix import FieldMatrix
from .record_factory import RecordFactory, suite_models

PASSWORD = "role-matrix-1"
PROPOSE = "RCM_PROPOSE_ROLES"
COMMAND = f"{PROPOSE}=1 ./setup/test tests/test_role_matrix.py"
# So many cells are asked again one by one, each in a request of its own.
SINGLE_REQUESTS = 120
# Arguments without which a method does not come to its check of rights.
ARGUMENTS = {}


ALLOWED, BEHIND, REFUSED = "allowed", "behind", "refused"
# Refusals that come after the check of rights: state, values, constraints.
RULES = (UserError, RedirectWarning, IntegrityError, EntryError)


def run_batch(self, calls):
    """Make real remote calls one after the other; tell what became of each.

    Each runs through Odoo's own ``call_kw`` as the session's user, and is undone. A
    wizard is opened first, as its own user's, for a call that wants one.
    """
    outcomes = []
    for model, method, args, kwargs, wizard in calls:
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            if wizard is not None:
                args = [_open_wizard(self.env, model, wizard), *args[1:]]
            call_kw(self.env[model], method, args, kwargs)
            self.env.flush_all()
            outcome = ALLOWED
        except AccessError:
            outcome = REFUSED
        except RULES:
            outcome = BEHIND
        except Exception as error:  # noqa: BLE001 named by the test, and not accepted
            outcome = f"{type(error).__name__}: {error}"
        self.env.transaction.clear()
        savepoint.close(rollback=True)
        self.env.cr.precommit.clear()
        outcomes.append(outcome)
    return outcomes


def cheap_refusal(self, *args):
    """What a refusal is without its message."""
    return AccessError("refused")


def _open_wizard(env, model, values):
    with env.cr.savepoint(flush=False) as savepoint:
        try:
            return env[model].sudo().create(values).ids
        except (AccessError, *RULES):
            env.transaction.clear()
            savepoint.rollback()
            return [0]


@tagged("post_install", "-at_install")
class TestRoleMatrix(FieldMatrix, CompanyWalls, RemittanceCase, HttpCase):
    """`docs/role-matrix.csv` is what the software does, cell by cell; protected fields
    and walls between companies on the same records."""

    maxDiff = None
    # Odoo's loader skips inherited tests unless told: the records are made once.
    allow_inherited_tests_method = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.models = suite_models(cls.env)
        cls.keys = role_matrix.expected_keys(cls.env, set(cls.models))
        cls.people = {
            role: cls.make_person(role, f"healthcare_rcm_base.group_{role}")
            for role in role_matrix.ROLES
        }
        for person, groups in role_matrix.OUTSIDERS.items():
            cls.people[person] = cls.make_person(person, groups)
        cls.factory = RecordFactory(cls.env, cls.company)
        case = cls.factory.get("rcm.exception.case")
        # Odoo's own models: records that do not depend on what else there is.
        cls.factory.made["res.partner"] = cls.env["res.partner"].create(
            {"name": "Contact", "company_id": cls.company.id}
        )
        cls.factory.made["ir.actions.server"] = cls.env["ir.actions.server"].create(
            {
                "name": "Probe",
                "model_id": cls.env["ir.model"]._get_id("rcm.claim"),
                "state": "code",
                "code": "pass",
            }
        )
        cls.factory.made["mail.message"] = case.message_post(body="Said.")
        names = sorted({name for name, _operation in cls.keys})
        cls.records, cls.unmade = cls.factory.get_all(names)
        cls.values = {
            name: {} if name in cls.unmade else cls.factory.json_values(name)
            for name in names
        }
        cls.env.flush_all()

    @classmethod
    def make_world(cls):
        """Claims in several states, and the remittances that brought them there."""
        cls.contract()
        open_claim = cls.claim()
        denied = cls.claim()
        case = cls()
        case.post(0, case.answer(denied, 0, ("CO-197", 1000)))
        case.post(400, case.answer(open_claim, 400, ("CO-45", 600)))

        cls.claim(submitted=False)

    @classmethod
    def make_person(cls, name, groups):
        return new_test_user(
            cls.env,
            f"matrix_{name}",
            groups=groups,
            password=PASSWORD,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    # -- asking --------------------------------------------------------------------

    def calls(self):
        """{(model, operation): [model, method, args, kwargs, wizard]} of every row."""
        found = {}
        for key in sorted(self.keys):
            model, operation = key
            record, values = self.records[model], self.values[model]
            ids, wizard = record.ids or [0], None
            kwargs = {}
            if operation == "read":
                operation, args = "search_read", [[]]
                kwargs = {"fields": ["id"], "limit": 1}
            elif operation == "create":
                args = [values]
            else:
                args = [ids]
                wizard = values if record._transient else None
                if operation == "write":
                    args.append(role_matrix.harmless(record))
                elif operation != "unlink":
                    method = get_public_method(record, operation)
                    kwargs = role_matrix.arguments(method)
                    kwargs |= ARGUMENTS.get(key, {})
                    if getattr(method, "_api_model", False):
                        args, wizard = [], None
            found[key] = [model, operation, args, kwargs, wizard]
        return found

    def ask(self, person, calls):
        """{key: outcome} of ``calls`` as ``person``, in one session."""
        self.authenticate(f"matrix_{person}", PASSWORD)
        response = self.rpc("res.users", "rcm_batch", [list(calls.values())], {})
        self.assertIn("result", response, response.get("error"))
        return dict(zip(calls, response["result"], strict=True))

    def rpc(self, model, method, args, kwargs):
        call = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        body = {"jsonrpc": "2.0", "id": 0, "method": "call", "params": call}
        return self.opener.post(
            f"{self.base_url()}/web/dataset/call_kw",
            data=json.dumps(body, default=str),
            headers={"Content-Type": "application/json"},
            timeout=120,
        ).json()

    # -- the test ------------------------------------------------------------------

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_every_cell(self):
        self.install_batch()
        calls = self.calls()
        outcomes = {key: {} for key in calls}
        for person in self.people:
            for key, outcome in self.ask(person, calls).items():
                outcomes[key][person] = outcome
        seen = {key: self.passed(row) for key, row in outcomes.items()}
        table, open_rows = role_matrix.load()
        if os.environ.get(PROPOSE):
            role_matrix.propose(table, open_rows, seen)
            self.fail("rows were proposed in docs/role-matrix.csv: look at each")
        self.check_crashes(outcomes)
        self.compare(table, seen)
        self.assertFalse(
            open_rows, "rows to review: look at each, then empty its last column"
        )
        self.single_requests(calls, outcomes)

    def test_every_model_has_a_record(self):
        """What the tests here need to ask more than for the kind of record."""
        self.assertEqual(
            self.unmade, {}, "say in tests/record_factory.py (VALUES) what these need"
        )

    def test_inherited_methods_are_declared(self):
        """A method that Odoo adds or opens in a new version is looked at first."""
        found = role_matrix.inherited(self.env, self.models)
        if os.environ.get(PROPOSE):
            role_matrix.store_inherited(found)
        self.assertEqual(
            found,
            role_matrix.load_inherited(),
            "docs/inherited-methods.csv lists what clients may call on our models "
            f"and Odoo defines; compare before you accept: {COMMAND}",
        )

    def install_batch(self):
        """Open, for this test, a method that makes many remote calls in one."""
        users = self.env.registry["res.users"]
        users.rcm_batch = model_method(run_batch)
        self.addCleanup(delattr, users, "rcm_batch")
        # Naming the groups that would be allowed costs more than the refusal.
        for model in ("ir.model.access", "ir.rule"):
            self.patch(self.env.registry[model], "_make_access_error", cheap_refusal)

    def check_crashes(self, outcomes):
        crashed = {
            f"{model}.{operation}: {outcome}"
            for (model, operation), row in outcomes.items()
            for outcome in row.values()
            if outcome not in (ALLOWED, BEHIND, REFUSED)
        }
        self.assertEqual(
            "\n".join(sorted(crashed)),
            "",
            "calls that end in a traceback: mend the method, or tell the test what "
            "arguments (ARGUMENTS) or values (record_factory.VALUES) it needs",
        )

    @staticmethod
    def passed(row):
        """Who gets past the check of rights; nobody where a rule stops everyone."""
        if set(row.values()) == {BEHIND}:
            return {role_matrix.NEVER}
        return {person for person, outcome in row.items() if outcome != REFUSED}

    def compare(self, table, seen):
        missing = sorted(set(seen) - set(table))
        self.assertFalse(
            missing,
            "no row in docs/role-matrix.csv. Methods that clients should not call get "
            f"a name with a leading underscore; for the others: {COMMAND}",
        )
        self.assertFalse(
            sorted(set(table) - set(seen)), f"rows of what is gone; remove: {COMMAND}"
        )
        differences = [
            f"{model} {operation}: table says [{role_matrix.render(table[key])}], "
            f"allowed are [{role_matrix.render(seen[key])}]"
            for key in seen
            if table[key] != seen[key]
            for model, operation in [key]
        ]
        self.assertEqual("\n".join(differences), "")

    def single_requests(self, calls, outcomes):
        """A sample, each in its own request: batching changes nothing."""
        cells = [
            (key, person)
            for key, call in calls.items()
            for person in self.people
            if call[-1] is None
        ]
        chosen = random.Random(19).sample(cells, SINGLE_REQUESTS)
        for person in self.people:
            self.authenticate(f"matrix_{person}", PASSWORD)
            for key in (key for key, who in chosen if who == person):
                answer = self.rpc(*calls[key][:-1])
                name = answer.get("error", {}).get("data", {}).get("name")
                refused = name == "odoo.exceptions.AccessError"
                with self.subTest(key=key, person=person):
                    self.assertEqual(refused, outcomes[key][person] == REFUSED, answer)
