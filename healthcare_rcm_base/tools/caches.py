"""What methods remember between requests (``ormcache``), forgotten without a gap."""

_ASKED = "rcm_forget"


def forget(env):
    """Forget it now, and once more in every process when this transaction commits.

    Odoo forgets at once only. What another request reads again before the commit would
    be the old state, and would stay: a secret that was revoked would go on opening.
    """
    registry = env.registry
    registry.clear_cache()
    postcommit = env.cr.postcommit
    if postcommit.data.get(_ASKED):
        return
    postcommit.data[_ASKED] = True

    @postcommit.add
    def forget_again():
        registry.clear_cache()
        if registry.ready:  # else nobody else has it loaded
            registry.signal_changes()
