"""What each claim, guarantor and client must be invoiced."""

from decimal import ROUND_HALF_UP, Decimal

from .books import ZERO
from .sent import order_charges, read_charges


def invoice(books, events):
    """Book the invoices; returns control number → (encounter, payers, voided)."""
    tests = list(order_charges(events))
    captured = [
        {
            "type": "charge.captured",
            "data": {"encounter": encounter, "charge": charge},
        }
        for encounter, charge in tests
    ]
    encounters, claims, billed = read_charges(captured + events)
    voided = {
        event["data"]["control_number"]
        for event in events
        if event["type"] == "person.claim_voided"
    }
    void = {claims[number] for number in voided}
    percents = {
        event["data"]["code"]: Decimal(event["data"]["percent"])
        for event in events
        if event["type"] == "person.tax_agreed"
    }
    for number, visit in encounters.items():
        if visit.client or number in void:
            continue
        if visit.self_pay:
            books.add("patient", visit.total() + visit.tax(percents), number)
            books.add("revenue", -visit.total())
            books.add("tax", -visit.tax(percents))
        elif number in billed:
            books.add("receivable_payer", billed[number], number)
            books.add("revenue", -billed[number])
    invoice_clients(books, events, encounters, tests)
    return {
        control: (number, encounters[number].payers, control in voided)
        for control, number in claims.items()
    }


def invoice_clients(books, events, encounters, tests):
    """The monthly invoices and contracts of ordering clients."""
    agreed, owed = {}, ZERO
    for event in events:
        data = event["data"]
        if event["type"] == "person.client_agreed":
            agreed[data["client"]] = data
        elif event["type"] == "person.contract_billed":
            owed += Decimal(data["price"]) * data["months"]
        elif event["type"] == "person.clients_invoiced":
            for number, charge in tests:
                client = encounters[number].client
                if client == data["client"] and charge["service_date"] <= data["until"]:
                    owed += client_price(agreed[client], charge)
    books.add("receivable_client", owed)
    books.add("revenue", -owed)


def client_price(terms, charge):
    """The price on the list, else the agreed share of the charge."""
    if charge["code"] in terms["prices"]:
        return Decimal(terms["prices"][charge["code"]]) * Decimal(charge["units"])
    share = Decimal(charge["amount"]) * Decimal(terms["percent"]) / 100
    return share.quantize(Decimal("0.01"), ROUND_HALF_UP)
