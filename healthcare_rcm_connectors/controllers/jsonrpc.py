import logging

from psycopg2 import OperationalError

from odoo import http
from odoo.exceptions import ConcurrencyError
from odoo.http import request

from ..protocol import jsonrpc, rpc_params
from ..protocol.envelope import parse_time
from ..protocol.place import place_of
from ..protocol.problem import Problem, ProblemError
from .dispatcher import answer, connector, instance, read_body, sender
from .events import ROUTE

_logger = logging.getLogger(__name__)


class JsonRpcDoor(http.Controller):
    """Events and documents over JSON-RPC 2.0."""

    @http.route("/rcm/v1/jsonrpc", methods=["POST"], **ROUTE)
    def call(self, **query):
        """Answer one call or a batch; 204 when there is nothing to answer."""
        result = jsonrpc.respond(
            read_body(), methods(), instance(), run_call, rpc_params.faults
        )
        if result is None:
            return http.Response(status=204)
        return answer(result)


def methods():
    """What can be called, by name."""
    return {
        "submit_event": submit_event,
        "submit_batch": submit_batch,
        "get_event": get_event,
        "get_document": get_document,
        "list_event_types": list_event_types,
        "replay": replay,
    }


def submit_event(event):
    """Store one event."""
    [result] = _submit([event])
    if isinstance(result, ProblemError):
        raise result
    return result


def submit_batch(events):
    """Store many events; each has its own result, in order."""
    return [
        {"error": item.problem.body(instance())}
        if isinstance(item, ProblemError)
        else item
        for item in _submit(events)
    ]


def get_event(id):
    """What became of an event of this connector."""
    return request.env["rcm.event"]._rcm_find_for(connector(), id)._rcm_status()


def get_document(type, number=None, control_number=None, facility=None, event=None):
    """A document with what hangs on it, named as the sender names it."""
    return request.env["rcm.document.answer"]._rcm_get(
        connector(),
        type,
        number=number,
        control_number=control_number,
        facility=facility,
        event=event,
    )


def list_event_types():
    """The events this connector may send, with their schemas."""
    return connector()._rcm_describe_types()


def replay(id=None, ids=None, since=None, until=None, dry_run=False):
    """Put failed events of this connector back in line, or say what would happen."""
    return request.env["rcm.event"]._rcm_replay_for(
        connector(),
        ids if id is None else [id],
        since and parse_time(since),
        until and parse_time(until),
        dry_run,
    )


def run_call(function):
    """Run one call in a savepoint: what it did goes when it fails, others stay."""
    try:
        with request.env.cr.savepoint():
            return function()
    except (ProblemError, OperationalError, ConcurrencyError):
        raise
    except Exception as error:  # a caller learns of no traceback; the log says where
        _logger.error("Call in %s failed: %s", instance(), place_of(error))
        raise jsonrpc.RpcError.from_problem(Problem("internal"), instance()) from None


def _submit(events):
    # Stored for its own connector only; service users write no table themselves.
    return request.env["rcm.event"].sudo()._rcm_submit(sender(), events)
