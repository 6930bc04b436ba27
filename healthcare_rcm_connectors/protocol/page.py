"""Pages that need nothing else: style inside, no script, a policy that says so."""

import base64
import hashlib
from html import escape

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:62rem;padding:1.5rem}
h1{font-size:1.8rem}h2{margin-top:2.5rem;border-bottom:1px solid #8886}
h3{margin-top:1.8rem}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#8882;border-radius:4px}
code{padding:.1em .3em}pre{padding:.8rem;overflow:auto}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem}
th,td{border-bottom:1px solid #8884}
nav ul{columns:2;list-style:none;padding:0}summary{cursor:pointer}
.method{font-weight:700;padding:.1em .5em;border-radius:4px}
.method{background:#71639e;color:#fff}
.muted{opacity:.7}.old{color:#b45309}
li{margin:.35rem 0}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action"
    f" 'none'; frame-ancestors 'self'; style-src 'sha256-{_HASH}'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(title, body, language="en"):
    """A whole HTML document; ``body`` is HTML already."""
    return (
        f'<!DOCTYPE html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )
