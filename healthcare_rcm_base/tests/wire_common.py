"""Calling the suite as a client does: over HTTP, with whatever context it likes."""

import re
from functools import lru_cache
from pathlib import Path

from odoo.modules.module import get_module_path
from odoo.tests import HttpCase

# Whose sources are searched for context keys.
SCANNED = (
    "account",
    "account_payment",
    "analytic",
    "base",
    "base_automation",
    "base_import",
    "mail",
    "portal",
    "product",
    "purchase",
    "web",
    "healthcare_rcm_base",
    "healthcare_rcm_approvals",
    "healthcare_rcm_remittance",
    "healthcare_rcm_connectors",
)
_KEYS = re.compile(
    r"""(?:context|ctx)\.get\(\s*['"](\w+)['"]"""
    r"""|(?:context|ctx)\[\s*['"](\w+)['"]\s*\]"""
    r"""|['"](\w+)['"]\s+(?:not\s+)?in\s+(?:\w+\.)*_?(?:context|ctx)\b"""
    r"""|with_context\(\s*(\w+)="""
)


@lru_cache(maxsize=1)
def context_keys():
    """Every context key that the suite, accounting and what is below them read."""
    found = set()
    for module in SCANNED:
        folder = get_module_path(module, display_warning=False)
        if folder:
            found |= _keys_in(Path(folder))
    orm = Path(get_module_path("base")).parents[1] / "orm"
    return sorted(found | _keys_in(orm))


def _keys_in(folder):
    found = set()
    for path in folder.rglob("*.py"):
        if "tests" not in path.parts:
            for match in _KEYS.findall(path.read_text(errors="replace")):
                found.update(filter(None, match))
    return found


class WireCase(HttpCase):
    """A client with a session."""

    def call(self, model, method, *args, context=None, **kwargs):
        """The JSON answer of a remote call: ``result`` or ``error``."""
        if context is not None:
            kwargs["context"] = context
        response = self.opener.post(
            f"{self.base_url()}/web/dataset/call_kw",
            json={
                "jsonrpc": "2.0",
                "id": 0,
                "method": "call",
                "params": {
                    "model": model,
                    "method": method,
                    "args": list(args),
                    "kwargs": kwargs,
                },
            },
            timeout=60,
        )
        return response.json()
