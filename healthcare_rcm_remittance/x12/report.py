"""What was read, as plain data and as text. No patient data in either."""

from collections import Counter

from .balance import provider_adjusted
from .codes import explain
from .model import Finding, InterchangeResult, Transaction


def finding_data(finding: Finding) -> dict:
    """A finding for JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "offset": finding.offset,
        "expected": finding.expected,
        "actual": finding.actual,
    }


def transaction_data(transaction: Transaction) -> dict:
    """One ST for JSON; money as text."""
    claims = transaction.claims
    statuses = Counter(claim.status for claim in claims)
    balance = transaction.balance
    return {
        "st02": transaction.control_number,
        "bpr01": transaction.handling,
        "bpr02": format(transaction.amount, "f"),
        "bpr04": transaction.method,
        "trn02": transaction.trace,
        "claims": len(claims),
        "lines": sum([len(claim.services) for claim in claims]),
        "plb_total": format(provider_adjusted(transaction.provider_adjustments), "f"),
        "status_codes": dict(sorted(statuses.items())),
        "balanced": {
            "line": balance.line,
            "claim": balance.claim,
            "transaction": balance.transaction,
        },
        "findings": [finding_data(finding) for finding in transaction.findings],
    }


def transaction_lines(transaction: Transaction) -> list[str]:
    """One ST for people."""
    data = transaction_data(transaction)
    statuses = ", ".join(
        f"{count} with status {code or 'none'}"
        for code, count in data["status_codes"].items()
    )
    levels = ", ".join(
        f"{level} {'balances' if tied else 'OUT OF BALANCE'}"
        for level, tied in data["balanced"].items()
    )
    return [
        f"  ST {data['st02']}: BPR {data['bpr01']} {data['bpr02']} {data['bpr04']}, "
        f"trace {data['trn02']}",
        f"    {data['claims']} claims ({statuses or 'none'}), {data['lines']} lines, "
        f"PLB {data['plb_total']}",
        f"    {levels}",
        *[f"    {line}" for line in finding_lines(transaction.findings)],
    ]


def interchange_lines(result: InterchangeResult) -> list[str]:
    """The end of an ISA for people; comes after its transactions."""
    header = result.header
    where = "Outside any interchange" if header is None else None
    if header is not None:
        where = (
            f"ISA {header.control_number} version {header.version} usage "
            f"{header.usage}: {result.transactions} transactions, "
            f"bytes {result.offset} to {result.end_offset}"
        )
    return [where, *[f"  {line}" for line in finding_lines(result.findings)]]


def finding_lines(findings) -> list[str]:
    """Findings for people."""
    lines = []
    for finding in findings:
        place = f" ({finding.location})" if finding.location else ""
        values = ""
        if finding.expected is not None:
            values += f" expected {finding.expected}"
        if finding.actual is not None:
            values += f" actual {finding.actual}"
        lines.append(
            f"{finding.severity} at byte {finding.offset}{place}: {finding.code}: "
            f"{explain(finding.code)}{values}"
        )
    return lines
