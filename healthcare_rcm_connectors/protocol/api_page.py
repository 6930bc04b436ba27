"""The OpenAPI document as a page for people: every door, event and error."""

import json
from html import escape

from .page import page
from .problem import KINDS, TYPE_PATH

METHODS = ("get", "post", "put", "delete")


def render(document):
    """The page (HTML text) of an OpenAPI document made by :mod:`.openapi`."""
    info = document["info"]
    doors, events = _doors(document), _events(document)
    body = [
        f"<h1>{escape(info['title'])} API</h1>",
        f"<p>{escape(info['description'])}</p>",
        "<nav><ul>",
        *(
            f'<li><a href="#{anchor}">{escape(label)}</a></li>'
            for anchor, label, _html in (*doors, *events)
        ),
        '<li><a href="#errors">Errors</a></li></ul></nav>',
        "<h2>Who may call</h2>",
        _security(document),
        "<h2>Doors</h2>",
        *(html for _anchor, _label, html in doors),
        "<h2>Events</h2>",
        *(html for _anchor, _label, html in events),
        "" if events else '<p class="muted">No event may be sent yet.</p>',
        '<h2 id="errors">Errors</h2>',
        _errors(),
    ]
    return page(f"{info['title']} API", "".join(body))


def _security(document):
    schemes = document["components"]["securitySchemes"]
    texts = {
        "apiKey": "An API key: <code>Authorization: Bearer …</code>",
        "monitor": "A monitoring token, for the metrics alone",
    }
    rows = [
        (texts.get(name) or escape(scheme.get("description") or name))
        for name, scheme in schemes.items()
    ]
    return "<ul>" + "".join(f"<li>{row}</li>" for row in rows) + "</ul>"


def _doors(document):
    found = []
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                anchor = operation["operationId"]
                html = _door(document, path, method, operation)
                found.append((anchor, f"{method.upper()} {path}", html))
    return found


def _door(document, path, method, operation):
    parts = [
        f'<h3 id="{operation["operationId"]}"><span class="method">{method.upper()}'
        f"</span> <code>{escape(path)}</code></h3><p>{escape(operation['summary'])}</p>"
    ]
    if operation.get("parameters"):
        rows = [
            (
                f"<code>{escape(one['name'])}</code>",
                escape(one["in"]),
                "yes" if one.get("required") else "",
                _type(one["schema"]),
            )
            for one in operation["parameters"]
        ]
        parts.append(_table(("Parameter", "In", "Needed", "Type"), rows))
    content = (operation.get("requestBody") or {}).get("content") or {}
    for media, value in content.items():
        parts.append(f"<p>Body: <code>{escape(media)}</code></p>")
        examples = list((value.get("examples") or {}).values())[:1]
        parts += [_example("Example", one["value"]) for one in examples]
    rows = [
        (f"<code>{status}</code>", escape(answer["description"]))
        for status, answer in operation["responses"].items()
    ]
    parts.append(_table(("Status", "When"), rows))
    return "".join(parts)


def _events(document):
    schemas = document["components"]["schemas"]
    examples = _event_examples(document)
    found = []
    for name, schema in schemas.items():
        if not name.startswith("Event."):
            continue
        label = name.removeprefix("Event.")
        old = ' <span class="old">deprecated</span>' if schema["deprecated"] else ""
        html = [
            f'<h3 id="event-{escape(label)}"><code>{escape(label)}</code>{old}</h3>',
            f"<p>{escape(schema.get('description') or '')}</p>",
            _fields(document, schemas[label]),
        ]
        if label in examples:
            html.append(_example("Example", examples[label]["value"]))
        html.append(
            "<details><summary>JSON Schema</summary>"
            f"<pre>{escape(json.dumps(schemas[label], indent=2))}</pre></details>"
        )
        found.append((f"event-{label}", label, "".join(html)))
    return found


def _event_examples(document):
    content = document["paths"]["/rcm/v1/events"]["post"]["requestBody"]["content"]
    return content["application/json"].get("examples") or {}


def _fields(document, schema, prefix="", depth=0):
    rows = list(_field_rows(document, schema, prefix, depth))
    return _table(("Field of data", "Type", "Needed", "Meaning"), rows) if rows else ""


def _field_rows(document, schema, prefix, depth):
    schema = _resolved(document, schema)
    needed = set(schema.get("required") or ())
    for name, value in (schema.get("properties") or {}).items():
        value = _resolved(document, value)
        path = f"{prefix}{name}"
        yield (
            f"<code>{escape(path)}</code>",
            _type(value),
            "yes" if name in needed else "",
            escape(value.get("description") or ""),
        )
        if depth < 3:
            yield from _field_rows(document, value, f"{path}.", depth + 1)
            if value.get("items"):
                items = value["items"]
                yield from _field_rows(document, items, f"{path}[].", depth + 1)


def _resolved(document, schema):
    """The schema behind a reference inside the document."""
    seen = 0
    while isinstance(schema, dict) and "$ref" in schema and seen < 9:
        node = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema, seen = node, seen + 1
    return schema if isinstance(schema, dict) else {}


def _type(schema):
    words = schema.get("type") or ""
    text = " or ".join(words) if isinstance(words, list) else words
    if "const" in schema:
        text = json.dumps(schema["const"])
    if schema.get("enum"):
        text = ", ".join(json.dumps(value) for value in schema["enum"])
    limits = [
        f"{label} {schema[key]}"
        for key, label in (
            ("format", ""),
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("minimum", "from"),
            ("maximum", "to"),
            ("pattern", "like"),
        )
        if key in schema
    ]
    return escape(" · ".join([part.strip() for part in (text, *limits) if part]))


def _errors():
    rows = [
        (
            f"<code>{kind.status}</code>",
            f"<code>{escape(TYPE_PATH + code)}</code>",
            escape(kind.title),
            escape(kind.help),
        )
        for code, kind in KINDS.items()
    ]
    return _table(("Status", "type", "Means", "What to do"), rows)


def _example(title, value):
    text = escape(json.dumps(value, indent=2, ensure_ascii=False))
    return f"<details><summary>{title}</summary><pre>{text}</pre></details>"


def _table(heads, rows):
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
