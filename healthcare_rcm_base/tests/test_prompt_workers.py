import select
from types import SimpleNamespace
from unittest.mock import patch

from odoo.service.server import PreforkServer, WorkerCron
from odoo.tests import BaseCase, tagged

from ..tools import prompt_workers


@tagged("post_install", "-at_install")
class TestPromptWorkers(BaseCase):
    """Without a database and without a process: only whether it would sleep."""

    def _begin(self):
        """Whether a cron worker that begins is awake at once."""
        multi = SimpleNamespace(
            beat=4, timeout=60, cron_timeout=60, limit_request=1, pid=0
        )
        multi.pipe_new = lambda: PreforkServer.pipe_new(multi)
        worker = WorkerCron(multi)
        self.addCleanup(worker.close)
        worker.start()
        return bool(select.select([worker.wakeup_fd_r], [], [], 0)[0])

    def test_a_worker_that_begins_is_awake(self):
        begun = []
        with patch.object(WorkerCron, "start", lambda worker: begun.append(worker)):
            self.assertFalse(self._begin(), "Odoo's own sleeps first")
            prompt_workers.install()
            self.assertTrue(self._begin())
        self.assertEqual(len(begun), 2)

    def test_it_is_installed_once(self):
        self.assertTrue(WorkerCron.start.rcm_prompt)
        before = WorkerCron.start
        prompt_workers.install()
        self.assertIs(WorkerCron.start, before)
