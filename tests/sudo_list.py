"""Where the suite acts with all rights: found in the sources, listed with a reason.

    python3 tests/sudo_list.py           what is missing, gone or without a reason
    python3 tests/sudo_list.py --write   bring `tests/sudo_reviewed.csv` up to date

A new row takes its reason from the comment at the call and says `proposed`: whoever
reviews it checks that role, record, duty and state are settled before, and empties that
column.
"""

import ast
import csv
import re
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
FILE = REPO / "tests" / "sudo_reviewed.csv"
HEADER = ("file", "function", "calls", "reason", "review")
PROPOSED = "proposed"
ROOT = ("base.user_root", "user_root")
# What stands where a reason should.
NOTHING_SAID = re.compile(
    r"(same|as|see) (as )?(above|before|below|there)\b|ditto|todo|fixme|tbd|"
    r"(it is )?(needed|required|necessary)( here)?$|no reason|"
    r"(all|full) rights( needed)?$"
)


def found():
    """{(file, function): (calls, reason of the comments)} in the suite's code."""
    places = {}
    for path in sorted(REPO.glob("healthcare_rcm_*/**/*.py")):
        parts = path.relative_to(REPO).parts
        if "tests" in parts or any(part.startswith(".") for part in parts):
            continue
        source = path.read_text()
        lines = source.splitlines()
        for name, node in _functions(ast.parse(source)):
            calls = [item for item in _own_nodes(node) if _is_sudo(item)]
            if calls:
                key = "/".join(parts), name
                reasons = [_reason(lines, item) for item in calls]
                texts = list(dict.fromkeys(filter(None, reasons)))
                places[key] = len(calls), "; ".join(texts)
    return places


def _functions(tree, prefix=""):
    """(qualified name, node) of every function and, for what stands in none, class."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{node.name}"
            yield name, node
            yield from _functions(node, f"{name}.")


def _own_nodes(node):
    """Nodes of a function or class that belong to none inside it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _own_nodes(child)


def _is_sudo(node):
    """``x.sudo()``, ``env(su=True)``, ``with_user(1)`` and their like."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name == "sudo":
        return not (node.args and getattr(node.args[0], "value", None) is False)
    words = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
    if words.get("su") is True or words.get("bypass_access") is True:
        return True
    users = [word.value for word in node.keywords if word.arg in ("user", "uid")]
    if name in ("with_user", "Environment"):
        users += node.args
    return any(_is_superuser(value) for value in users)


def _is_superuser(value):
    """The number, the name or the record of the user who may do everything."""
    for item in ast.walk(value):
        word = getattr(item, "id", getattr(item, "attr", ""))
        if word == "SUPERUSER_ID" or getattr(item, "value", None) in ROOT:
            return True
    return isinstance(value, ast.Constant) and value.value == 1


def is_weak(reason):
    """Whether a reason says nothing: no words, or words that point elsewhere."""
    words = re.findall(r"[^\W\d_]{2,}", reason)
    return len(words) < 3 or bool(NOTHING_SAID.match(reason.strip().lower()))


def _reason(lines, call):
    """The comment on the call's lines, or right above the statement."""
    last = call.end_lineno
    for number in range(call.lineno, last + 1):
        if match := re.search(r"#\s*(?!noqa|pylint)(.+)$", lines[number - 1]):
            return match.group(1).strip().rstrip(".")
    words, number = [], call.lineno - 1
    for _step in range(4):  # the statement may begin some lines above the call
        if number < 1:
            break
        text = lines[number - 1].strip()
        if text.startswith("#") and "---" not in text and "pylint" not in text:
            while number >= 1 and lines[number - 1].strip().startswith("#"):
                words.insert(0, lines[number - 1].strip().lstrip("# "))
                number -= 1
            break
        if match := re.search(r"\S\s+#\s*(?!noqa|pylint)(.+)$", lines[number - 1]):
            return match.group(1).strip().rstrip(".")
        number -= 1
    return " ".join(words).rstrip(".")


def load():
    """{(file, function): row} of the reviewed list."""
    if not FILE.exists():
        return {}
    with FILE.open(newline="") as file:
        return {(row["file"], row["function"]): row for row in csv.DictReader(file)}


def problems():
    """What does not agree, one line each."""
    listed, places = load(), found()
    texts = []
    for key in sorted(places.keys() - listed.keys()):
        texts.append(f"{key[0]} {key[1]}: all rights, and not reviewed")
    for key in sorted(listed.keys() - places.keys()):
        texts.append(f"{key[0]} {key[1]}: reviewed, and gone")
    for key in sorted(listed.keys() & places.keys()):
        row = listed[key]
        if int(row["calls"]) != places[key][0]:
            texts.append(
                f"{key[0]} {key[1]}: {places[key][0]} calls, reviewed {row['calls']}"
            )
        elif is_weak(row["reason"]):
            texts.append(f"{key[0]} {key[1]}: “{row['reason']}” is no reason")
        elif row["review"]:
            texts.append(f"{key[0]} {key[1]}: waits for its review")
    return texts


def write():
    """Bring the list up to date; what is new or changed waits for review."""
    listed, rows = load(), []
    for (path, name), (calls, reason) in sorted(found().items()):
        old = listed.get((path, name))
        if old and int(old["calls"]) == calls:
            rows.append([old[column] for column in HEADER])
        else:
            known = old["reason"] if old else reason
            rows.append([path, name, calls, known, PROPOSED])
    with FILE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    print("\n".join(problems()) or "Every use of all rights is reviewed.")
