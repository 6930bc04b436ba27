"""The workflow for n8n: its shape, and its signature check run by Node."""

import base64
import json
import shutil
import subprocess
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from odoo.tests import BaseCase, tagged

from odoo.addons.healthcare_rcm_connectors.protocol import outbound

FILE = Path(__file__).parents[1] / "docs/n8n/approval-pending.json"
SECRET = "whsec_" + base64.b64encode(b"an invented secret of 32 bytes..").decode()
# What a Code node gives its script.
HARNESS = """
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const $env = {RCM_WEBHOOK_SECRET: input.secret};
const $input = {first: () => ({json: {headers: input.headers}})};
const memory = {};
const $getWorkflowStaticData = () => memory;
const self = {helpers: {getBinaryDataBuffer: async () => Buffer.from(input.body)}};
const AsyncFunction = Object.getPrototypeOf(async function () {}).constructor;
const script = new AsyncFunction(
  '$env', '$input', '$getWorkflowStaticData', 'require', input.code);
(async () => {
  const answers = [];
  for (let n = 0; n < 2; n++) {
    answers.push(await script.call(
      self, $env, $input, $getWorkflowStaticData, require));
  }
  console.log(JSON.stringify(answers));
})().catch((error) => { console.error(error.message); process.exit(1); });
"""


@tagged("post_install", "-at_install")
class TestN8nWorkflow(BaseCase):
    def setUp(self):
        super().setUp()
        self.flow = json.loads(FILE.read_text())
        self.nodes = {node["name"]: node for node in self.flow["nodes"]}

    def test_nodes_follow_one_another(self):
        kinds = [
            node["type"].removeprefix("n8n-nodes-base.") for node in self.flow["nodes"]
        ]
        self.assertEqual(kinds, ["webhook", "code", "if", "emailSend", "noOp"])
        self.assertEqual(len({node["id"] for node in self.flow["nodes"]}), len(kinds))
        reached = set()
        for source, links in self.flow["connections"].items():
            self.assertIn(source, self.nodes)
            for branch in links["main"]:
                reached |= {link["node"] for link in branch}
        self.assertEqual(reached, set(self.nodes) - {"Webhook"})

    def test_webhook_keeps_the_raw_body_and_answers_at_the_end(self):
        parameters = self.nodes["Webhook"]["parameters"]
        self.assertEqual(parameters["httpMethod"], "POST")
        self.assertIs(parameters["options"]["rawBody"], True)
        # A failed check has to be an error for the sender, which then tries again.
        self.assertEqual(parameters["responseMode"], "lastNode")

    def test_only_new_approval_requests_are_told(self):
        conditions = self.nodes["Approval requested?"]["parameters"]["conditions"]
        self.assertEqual(conditions["combinator"], "and")
        first, second = conditions["conditions"]
        self.assertEqual(first["rightValue"], "approval.requested")
        self.assertEqual(second["leftValue"], "={{ $json.repeated }}")

    def test_it_holds_no_secret_and_no_address(self):
        text = FILE.read_text()
        for word in ("credentials", "http://", "https://", "@"):
            self.assertNotIn(word, text)

    @unittest.skipUnless(shutil.which("node"), "Node runs the Code node's script")
    def test_signature_check(self):
        body = outbound.body_of(
            "approval.requested",
            datetime(2026, 11, 2, 10, 0),
            ("rcm.claim", 7, "R0123456789A"),
            1,
            "thread",
            None,
            "/odoo/rcm.claim/7",
        )
        good = self._signed(body)
        first, again = json.loads(self._run(good, body).stdout)
        self.assertEqual(first[0]["json"]["type"], "approval.requested")
        self.assertEqual(first[0]["json"]["data"]["document"]["name"], "R0123456789A")
        self.assertFalse(first[0]["json"]["repeated"])
        self.assertTrue(again[0]["json"]["repeated"])
        two = {**good, "webhook-signature": "v1,AAAA " + good["webhook-signature"]}
        self.assertEqual(self._run(two, body).returncode, 0)
        for headers, text, secret in (
            (good, body + " ", SECRET),
            ({**good, "webhook-id": "other"}, body, SECRET),
            ({**good, "webhook-signature": ""}, body, SECRET),
            (self._signed(body, age=400), body, SECRET),
            (good, body, ""),
            (good, body, "whsec_" + base64.b64encode(b"other").decode()),
        ):
            with self.subTest(headers=headers, secret=secret):
                self.assertEqual(self._run(headers, text, secret).returncode, 1)

    def _signed(self, body, age=0):
        moment = datetime.fromtimestamp(int(time.time()) - age, timezone.utc)
        return {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("msg_1", moment, body),
        }

    def _run(self, headers, body, secret=SECRET):
        given = {
            "headers": headers,
            "body": body,
            "secret": secret,
            "code": self.nodes["Verify signature"]["parameters"]["jsCode"],
        }
        return subprocess.run(
            ["node", "-e", HARNESS],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
