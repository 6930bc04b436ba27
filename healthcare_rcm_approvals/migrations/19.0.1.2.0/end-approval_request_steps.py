from odoo import SUPERUSER_ID, api, fields


def migrate(cr, version):
    """Requests that wait get the steps they are decided by.

    They were made before steps were rows: the steps of the version they point at, or
    of the policy's current one where none was kept.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    requests = env["rcm.approval.request"].search(
        [("state", "in", ("pending", "info_requested")), ("step_ids", "=", False)]
    )
    for request in requests.filtered(lambda one: not one.policy_version_id):
        version_record = request.policy_id._rcm_current_version()
        request._rcm_write({"policy_version_id": version_record.id})
    env["rcm.approval.request.step"]._rcm_make(requests)
    now = fields.Datetime.now()
    requests._rcm_open_next_steps(now)
    for request in requests:
        _count_earlier_decisions(request, now)
    requests._rcm_refresh_asked()


def _count_earlier_decisions(request, now):
    """What people agreed to before stays agreed: by the role they decided as."""
    earlier = request.decision_ids.filtered(
        lambda item: not item.step_id and item.decision == "approved"
    )
    for step in request.step_ids.sorted(lambda one: (one.sequence, one.id)):
        agreed = earlier.filtered(lambda item, s=step: item.group_id == s.group_id)
        agreed = agreed[: step.needed]
        earlier -= agreed
        if len(agreed) >= step.needed:
            step._rcm_done(now)
            request._rcm_open_next_steps(now)
        elif agreed:
            step._rcm_write({"needed": step.needed - len(agreed)})
