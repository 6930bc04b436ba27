"""What the lines of a document say of its parts: department, facility, contract."""

# The contract type a line states by what it names.
CONTRACT_TYPES = (
    ("rcm_outsourced_id", "outsourced_service"),
    ("rcm_fund_id", "funded"),
)


def accounts_of(line):
    """Sets of analytic accounts of a line: one for each share of its distribution."""
    return [
        [int(part) for part in key.split(",")]
        for key in line.analytic_distribution or {}
    ]


def main_department(lines, amount):
    """The analytic account that carries most of ``lines``, or None.

    :param str amount: name of the field that weighs a line
    """
    weights = {}
    for line in lines:
        for key, percent in (line.analytic_distribution or {}).items():
            share = abs(line[amount]) * percent / 100
            for account in key.split(","):
                weights[int(account)] = weights.get(int(account), 0) + share
    return max(weights, key=lambda key: (weights[key], -key), default=None)


def spread_scope(lines, amount, company, facility):
    """(department and facility of the whole, scopes of the parts) of ``lines``."""
    scopes = line_scopes(lines, company, facility)
    department = main_department(lines, amount)
    place = facility.id or next(
        (part["facility"] for part in scopes if part["department"] == department), None
    )
    return {"department": department, "facility": place}, scopes


def line_scopes(lines, company, facility):
    """The scope of each part of ``lines``: a dict of facts each.

    The facility is the document's, else the one whose account the part is charged to.
    """
    places = {} if facility else _places_of(lines, company)
    scopes = []
    for line in lines:
        for group in accounts_of(line) or [[None]]:
            place = facility.id or next(
                (places[one] for one in group if one in places), None
            )
            scopes += [
                {"department": one, "facility": place, "contract_type": kind}
                for one in group
                for kind in contract_types(line)
            ]
    return scopes


def _places_of(lines, company):
    """``{analytic account: facility}`` of the accounts that are a facility's."""
    accounts = {one for line in lines for group in accounts_of(line) for one in group}
    if not accounts:
        return {}
    found = lines.env["rcm.facility"].search(
        [
            ("analytic_account_id", "in", list(accounts)),
            ("company_id", "=", company.id),
        ]
    )
    return {place.analytic_account_id.id: place.id for place in found}


def contract_types(line):
    """What a line says it is bought under; ``[None]`` where it says nothing."""
    found = [
        code for name, code in CONTRACT_TYPES if name in line._fields and line[name]
    ]
    return found or [None]
