"""How to get at each lock of the suite, so that two can come to it at once.

Each way takes the record factory, makes and commits what it needs, and returns what
both sessions call.
"""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from odoo.fields import Domain
from odoo.tools import SQL


def record(model, method, *arguments, **values):
    """Call ``method`` on a record of ``model`` whose columns were set to ``values``."""

    def make(factory):
        made = factory.get(model)
        _set(made, values)
        return lambda env: getattr(made.with_env(env), method)(*arguments)

    return make


def handed_over(model, method, other):
    """Call ``method`` of ``model`` with a record of ``other``."""

    def make(factory):
        made = factory.get(other)
        return lambda env: getattr(env[model], method)(made.with_env(env))

    return make


def _set(made, values):
    """Write columns past every guard: only the lock is of interest here."""
    if not values:
        return
    columns = SQL(", ").join(
        SQL("%s = %s", SQL.identifier(name), value) for name, value in values.items()
    )
    table = SQL.identifier(made._table)
    made.env.flush_all()
    made.env.cr.execute(SQL("UPDATE %s SET %s WHERE id = %s", table, columns, made.id))
    made.env.invalidate_all()


def _plain_entry(factory):
    """An entry in a journal of its own."""
    code = f"RC{factory.env['account.journal'].search_count([])}"
    values = {"name": "Race", "code": code, "type": "general"}
    journal = factory.env["account.journal"].create(values)
    entry = {"journal_id": journal.id, "move_type": "entry"}
    factory.made["account.move"] = factory.env["account.move"].create(entry)
    return factory.made["account.move"]


def batch(factory):
    """The queue of the scheduled actions."""
    from odoo.addons.healthcare_rcm_base.models.rcm_batch_mixin import _Run

    made = factory.get("rcm.remittance.file")
    domain = [("id", "=", made.id)]
    return lambda env: _Run(
        env[made._name], domain, "_rcm_read", 1, "event_failed", "id"
    ).next_batch()


def merge_references(factory):
    """Rows that name one of two people who are merged."""
    coverage = factory.get("rcm.coverage")
    patient = coverage.patient_id
    return lambda env: env["rcm.merge.references"]._rcm_turn_rows(
        coverage._name, "patient_id", patient, patient, (), SQL("TRUE")
    )


def payment_run(factory):
    """Bills that a run pays."""
    _plain_entry(factory)
    run = factory.get("rcm.payment.run.line").run_id
    return lambda env: run.with_env(env)._rcm_have_effect()


def posting(factory):
    """Claims of one remittance, locked while it is planned and posted."""
    claim, remittance = factory.get("rcm.claim"), factory.get("rcm.remittance")
    _set(remittance, {"company_id": claim.company_id.id})
    transaction = SimpleNamespace(claims=[SimpleNamespace(control_number=claim.name)])
    options = SimpleNamespace(overrides={})
    return lambda env: remittance.with_env(env)._rcm_lock_claims(transaction, options)


def sealed_journal(factory):
    """A journal whose entries are hashed, one after the other."""
    move = _plain_entry(factory)
    _set(move.journal_id, {"restrict_mode_hash_table": True})
    return lambda env: move.with_env(env)._rcm_lock_hashed_journals()


def deliveries(factory):
    """Messages that are due."""
    delivery = factory.get("rcm.delivery")
    long_ago = datetime(2020, 1, 1)
    _set(delivery, {"state": "pending", "next_attempt_at": long_ago})
    _set(delivery.webhook_id, {"active": True, "state": "active", "rest_until": None})
    return lambda env: env["rcm.delivery"]._rcm_lock_due()


def lane(factory):
    """Events that are next."""
    event = factory.get("rcm.event")
    _set(event, {"state": "received", "business_key": None})
    _set(event.connector_id, {"active": True, "state": "active"})
    return lambda env: env["rcm.event"]._rcm_lock_next(1)


def replay_run(factory):
    """Failed events of a replay."""
    event = factory.get("rcm.event")
    _set(event, {"state": "dead"})
    line = factory.get("rcm.replay.line")
    _set(line, {"event_id": event.id})
    replay = line.replay_id
    return lambda env: replay.with_env(env)._rcm_run(env.user)


def replay_door(factory):
    """Failed events that their sender wants worked on again."""
    event = factory.get("rcm.event")
    _set(event, {"state": "dead", "error_class": "transient"})
    connector = event.connector_id
    ids = [event.external_id]
    return lambda env: env["rcm.event"]._rcm_replay_for(
        connector.with_env(env), ids, None, None, False
    )


def api_key_use(factory):
    """The note of an API key's last use."""
    key = factory.get("rcm.connector.key")
    _set(key, {"last_used_at": None})
    apikey = key.apikey_id
    return lambda env: env["rcm.connector.key"]._rcm_touch(apikey)


def put_aside(factory):
    """Claims whose interface went down."""
    claim, connector = factory.get("rcm.claim"), factory.get("rcm.connector")
    _set(connector, {"state": "down", "carries_claims": True})
    _set(claim, {"state": "cleared", "pending_connector_id": None})
    domain = Domain("id", "=", claim.id)  # which ones is not what is raced

    def call(env):
        cls = env.registry["rcm.connector"]
        with patch.object(cls, "_rcm_carried_domain", lambda record: domain):
            connector.with_env(env)._rcm_put_aside()

    return call


def let_go(factory):
    """Claims whose interface is up again."""
    claim, connector = factory.get("rcm.claim"), factory.get("rcm.connector")
    _set(connector, {"state": "active"})
    _set(claim, {"state": "pending_interface", "pending_connector_id": connector.id})
    return lambda env: connector.with_env(env)._rcm_let_go()


def pull(factory):
    """Sources that are due to be asked."""
    made = factory.get("rcm.connector.pull")
    _set(made, {"interval_minutes": 5, "next_at": None})
    _set(made.connector_id, {"state": "active"})
    return lambda env: env["rcm.connector.pull"]._cron_pull()


def onboarding(method, **values):
    """Events of a facility that goes live."""

    def make(factory):
        event, made = factory.get("rcm.event"), factory.get("rcm.facility.onboarding")
        _set(made, {"state": "shadow", "go_live_note": "race"})
        facility = made.facility_id
        _set(event, {"state": "received", "facility_id": facility.id, **values})
        rehearsed = made.env["rcm.event"].browse(event.id)
        moment = datetime(2020, 1, 1) if method == "_rcm_go_live" else datetime.now()

        def call(env):
            cls = env.registry["rcm.facility.onboarding"]
            with patch.object(
                cls, "_rcm_rehearsed_events", lambda record: rehearsed.with_env(env)
            ):
                getattr(made.with_env(env), method)(moment)

        return call

    return make


def feed(factory):
    """A feed that is watched."""
    made = factory.get("rcm.expected.feed")
    return lambda env: made.with_env(env)._rcm_watch(datetime(2026, 1, 5))


WAYS = {
    ("rcm_approval_decide", "_rcm_lock"): record("rcm.approval.request", "_rcm_lock"),
    ("rcm_spending", "_rcm_lock"): handed_over(
        "rcm.spending", "_rcm_lock", "rcm.budget.line"
    ),
    ("rcm_payment_run", "_rcm_have_effect"): payment_run,
    ("rcm_requested_document", "_rcm_request"): record("rcm.refund", "_rcm_request"),
    ("rcm_requested_document", "_rcm_take_effect"): record(
        "rcm.refund", "_rcm_take_effect"
    ),
    ("rcm_requested_document", "_rcm_reverse"): record(
        "rcm.refund", "_rcm_reverse", "race"
    ),
    ("rcm_refund", "_rcm_lock_credit"): record("rcm.refund", "_rcm_lock_credit"),
    ("rcm_batch_mixin", "next_batch"): batch,
    ("rcm_authorization_use", "_rcm_lock"): record("rcm.authorization", "_rcm_lock"),
    ("rcm_merge_references", "_rcm_turn_rows"): merge_references,
    ("rcm_merge_apply", "_rcm_lock"): handed_over(
        "rcm.merge", "_rcm_lock", "rcm.patient.account"
    ),
    ("rcm_client_invoice_post", "_rcm_lock"): record("rcm.client.invoice", "_rcm_lock"),
    ("rcm_claim_ledger", "_rcm_ledger_lock"): record("rcm.claim", "_rcm_ledger_lock"),
    ("rcm_service_contract_period", "_rcm_credit"): record(
        "rcm.service.contract.period", "_rcm_credit", state="billed"
    ),
    ("rcm_audit_seal", "_rcm_seal_block"): lambda factory: lambda env: (
        env["rcm.audit.seal"]._rcm_seal_block()
    ),
    ("account_move", "_rcm_lock_hashed_journals"): sealed_journal,
    ("rcm_event", "_rcm_lock"): record("rcm.event", "_rcm_lock"),
    ("rcm_event_processing", "_rcm_lock_next"): lane,
    ("rcm_delivery_send", "_rcm_lock_due"): deliveries,
    ("last_use", "note_use"): api_key_use,
    ("rcm_connector_down", "_rcm_put_aside"): put_aside,
    ("rcm_connector_down", "_rcm_let_go"): let_go,
    ("rcm_connector_pull", "_cron_pull"): pull,
    ("rcm_facility_onboarding", "_rcm_go_live"): onboarding("_rcm_go_live"),
    ("rcm_facility_onboarding", "_rcm_leave_behind"): onboarding(
        "_rcm_leave_behind", occurred_at=datetime(2020, 1, 1)
    ),
    ("rcm_expected_feed_watch", "_rcm_watch"): feed,
    ("rcm_replay", "_rcm_run"): replay_run,
    ("rcm_replay", "_rcm_replay_for"): replay_door,
    ("rcm_remittance_plan", "_rcm_lock_claims"): posting,
}


def way_to(site):
    """How to get at a lock; one that moved to a part of its file is found again."""
    stem, function = Path(site[0]).stem, site[1]
    found = [key for key in WAYS if key[1] == function and stem.startswith(key[0])]
    return WAYS[max(found, key=lambda key: len(key[0]))] if found else None
