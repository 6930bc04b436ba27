"""The 835 bytes: whether they balance, and what each payment must post."""

from decimal import Decimal

from .books import ZERO

REDUCING = {("CO", "45"), ("PI", "45"), ("CO", "253")}
PRIOR_PAYER = {("OA", "23"), ("CO", "23")}
PLB_ACCOUNTS = {
    "L6": "interest_income",
    "CT": "capitation_income",
    "WO": "payer_overpayment",
    "FB": "payer_overpayment",
}


def transactions(content):
    """Split an interchange into lists of segments, one list per ST."""
    element, terminator = chr(content[3]), chr(content[105])
    segments = [
        segment.strip("\r\n").split(element)
        for segment in content.decode("ascii").split(terminator)
        if segment.strip()
    ]
    if segments[0][15] == "T":
        return
    current = []
    for segment in segments:
        if segment[0] == "ST":
            current = []
        current.append(segment)
        if segment[0] == "SE":
            yield current


def read_transaction(segments):
    """Payment header, claims and PLB pairs of one ST as plain dictionaries."""
    payment = {"claims": [], "plb": []}
    claim = line = None
    for segment in segments:
        tag = segment[0]
        if tag == "BPR":
            payment["amount"], payment["date"] = Decimal(segment[2]), segment[16]
        elif tag == "TRN":
            payment["trace"] = (segment[2], segment[3])
        elif tag == "CLP":
            line = None
            claim = {
                "control": segment[1],
                "status": segment[2],
                "charge": Decimal(segment[3]),
                "paid": Decimal(segment[4]),
                "payer_number": segment[7],
                "adjustments": [],
                "lines": [],
            }
            payment["claims"].append(claim)
        elif tag == "SVC":
            charge, paid = Decimal(segment[2]), Decimal(segment[3])
            line = {"charge": charge, "paid": paid, "adjustments": []}
            claim["lines"].append(line)
        elif tag == "CAS":
            target = line if line is not None else claim
            for position in range(2, len(segment), 3):
                if segment[position]:
                    amount = Decimal(segment[position + 1])
                    target["adjustments"].append(
                        (segment[1], segment[position], amount)
                    )
        elif tag == "PLB":
            for position in range(3, len(segment), 2):
                reason = segment[position].split(":")[0]
                payment["plb"].append((reason, Decimal(segment[position + 1])))
    return payment


def _adjusted(item):
    return sum((amount for _, _, amount in item["adjustments"]), ZERO)


def balances(payment):
    """Whether the ST adds up at line, claim and transaction level."""
    for claim in payment["claims"]:
        for line in claim["lines"]:
            if line["paid"] != line["charge"] - _adjusted(line):
                return False
        adjusted = _adjusted(claim) + sum(map(_adjusted, claim["lines"]), ZERO)
        if claim["paid"] != claim["charge"] - adjusted:
            return False
        charges = sum((line["charge"] for line in claim["lines"]), ZERO)
        if claim["lines"] and charges != claim["charge"]:
            return False
    paid = sum((claim["paid"] for claim in payment["claims"]), ZERO)
    kept = sum((amount for _, amount in payment["plb"]), ZERO)
    return payment["amount"] == paid - kept


def post(books, payment, claims, statuses):
    """Book one payment."""
    for reason, amount in payment["plb"]:
        books.add("clearing", -amount)
        books.add(PLB_ACCOUNTS[reason], amount)
    for claim in payment["claims"]:
        books.add("clearing", claim["paid"])
        if claim["control"] not in claims:
            books.add("unapplied_payer_cash", -claim["paid"])
            continue
        encounter, payers, voided = claims[claim["control"]]
        if voided:
            books.add("payer_overpayment", -claim["paid"])
            continue
        status = claim["status"]
        if status == "22":
            status = statuses[claim["payer_number"]]
        statuses[claim["payer_number"]] = status
        books.add("receivable_payer", -claim["paid"], encounter)
        every = claim["adjustments"] + [
            item for line in claim["lines"] for item in line["adjustments"]
        ]
        for group, reason, amount in every:
            if (group, reason) in PRIOR_PAYER:
                continue
            if group == "PR":
                if int(status) >= payers:
                    books.add("patient", amount, encounter)
                    books.add("receivable_payer", -amount, encounter)
            elif (group, reason) in REDUCING:
                books.add("allowance", amount)
                books.add("receivable_payer", -amount, encounter)
