"""``python3 -m x12 FILE [--json]``: read 835s and say whether they balance.

Exit status: 0 read and balanced, 1 read with error findings, 2 not an 835.
"""

import argparse
import json
import sys

from .codes import ERROR
from .model import Transaction
from .reader import NotX12, read_835
from .report import (
    finding_data,
    finding_lines,
    interchange_lines,
    transaction_data,
    transaction_lines,
)

READ, FAULTY, NOT_835 = 0, 1, 2


class _Summary:
    """What remains of a file while its transactions stream by."""

    def __init__(self, as_json: bool):
        self.as_json = as_json
        self.interchanges, self.transactions, self.findings = [], [], []
        self.faulty = self.seen_835 = False

    def take(self, item):
        """Take the next thing the reader found."""
        self.faulty = self.faulty or any(f.severity == ERROR for f in item.findings)
        if isinstance(item, Transaction):
            self.seen_835 = True
            if self.as_json:
                self.transactions.append(transaction_data(item))
            else:
                print("\n".join(transaction_lines(item)))
            return
        # An interchange that lost its 835 halfway is still one.
        codes = {finding.code for finding in item.findings}
        if item.header is not None and not codes & {"not_835", "group_not_835"}:
            self.seen_835 = True
        self.findings += [finding_data(finding) for finding in item.findings]
        if not self.as_json:
            print("\n".join(interchange_lines(item)))
        elif item.header is not None:
            self.interchanges.append(
                {
                    "control_number": item.header.control_number,
                    "transactions": self.transactions,
                }
            )
            self.transactions = []

    def finish(self, status: int) -> int:
        """Print what is still to be printed."""
        if self.as_json:
            data = {"interchanges": self.interchanges, "findings": self.findings}
            json.dump(data, sys.stdout, indent=2)
            print()
        return status


def main(arguments: list[str] | None = None) -> int:
    """Read the file named on the command line."""
    parser = argparse.ArgumentParser(prog="x12", description=__doc__.splitlines()[0])
    parser.add_argument("file", help="file to read, - for standard input")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    summary = _Summary(options.json)
    try:
        if options.file == "-":
            return _read(sys.stdin.buffer, summary)
        with open(options.file, "rb") as stream:
            return _read(stream, summary)
    except OSError as error:
        print(f"x12: {options.file}: {error.strerror}", file=sys.stderr)
        return NOT_835


def _read(stream, summary: _Summary) -> int:
    try:
        for item in read_835(stream):
            summary.take(item)
    except NotX12 as error:
        summary.findings.append(finding_data(error.finding))
        if not summary.as_json:
            print("\n".join(finding_lines([error.finding])))
        return summary.finish(NOT_835)
    if not summary.seen_835:
        return summary.finish(NOT_835)
    return summary.finish(FAULTY if summary.faulty else READ)


if __name__ == "__main__":
    sys.exit(main())
