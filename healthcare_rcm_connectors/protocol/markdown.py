"""The little Markdown the runbooks use, as HTML: headings, lists, code, links.

Everything is escaped first: a text can bring no tag of its own.
"""

import re
from html import escape

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_ITALIC = re.compile(r"\*([^*\s][^*]*)\*")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\(((?:https?://|/|[a-z-]+\.md)[^)\s]*)\)")
_NUMBERED = re.compile(r"\d+\.\s+")
_HEADING = re.compile(r"(#{1,3})\s+(.*)")


def steps(text):
    """The texts of the numbered steps, in order."""
    return [
        body for kind, body in _blocks(text) if kind == "ol" for body in body
    ]  # fmt: skip


def to_html(text):
    """``text`` as HTML."""
    return "\n".join(_render(kind, body) for kind, body in _blocks(text))


def _render(kind, body):
    if kind in ("ol", "ul"):
        items = "".join(f"<li>{_inline(item)}</li>" for item in body)
        return f"<{kind}>{items}</{kind}>"
    if kind == "pre":
        return f"<pre>{escape(body)}</pre>"
    return f"<{kind}>{_inline(body)}</{kind}>"


def _inline(text):
    html = escape(text)
    html = _CODE.sub(r"<code>\1</code>", html)
    html = _BOLD.sub(r"<strong>\1</strong>", html)
    html = _ITALIC.sub(r"<em>\1</em>", html)
    return _LINK.sub(_link, html)


def _link(match):
    target = match[2]
    if target.endswith(".md"):
        target = f"/rcm/runbooks/{target.removesuffix('.md')}"
    return f'<a href="{target}">{match[1]}</a>'


def _blocks(text):
    """[(kind, body)]: h1–h3, p, pre with text; ol, ul with a list of texts."""
    found, fence = [], None
    for line in text.splitlines():
        if fence is not None:
            if line.strip() == "```":
                found.append(("pre", "\n".join(fence)))
                fence = None
            else:
                fence.append(line)
        elif line.startswith("```"):
            fence = []
        else:
            _add_line(found, line)
    return [block for block in found if block[0]]


def _add_line(found, line):
    stripped = line.strip()
    last = found[-1] if found else (None, None)
    if not stripped:
        found.append((None, None))
    elif heading := _HEADING.match(line):
        found.append((f"h{len(heading[1])}", heading[2]))
    elif _NUMBERED.match(line):
        _add_item(found, "ol", _NUMBERED.sub("", line, count=1))
    elif line.startswith("- "):
        _add_item(found, "ul", line[2:])
    elif last[0] in ("ol", "ul"):
        last[1][-1] += f" {stripped}"
    elif last[0] == "p":
        found[-1] = ("p", f"{last[1]} {stripped}")
    else:
        found.append(("p", stripped))


def _add_item(found, kind, text):
    if found and found[-1][0] == kind:
        found[-1][1].append(text)
    else:
        found.append((kind, [text]))
