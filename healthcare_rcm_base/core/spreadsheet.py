"""Cells of sheets that people open: a spreadsheet would run what looks like a formula.

The characters are those OWASP names under “CSV Injection” (CWE-1236).
"""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain_cell(value):
    """``value`` as a cell: text that is no formula, numbers as they are, or nothing."""
    if value is None or value is False:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
