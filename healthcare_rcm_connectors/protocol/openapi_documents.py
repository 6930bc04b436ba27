"""What the doors tell of documents: numbers, states and amounts, never a patient."""

_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_MONEY = {
    "type": "string",
    "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
    "description": "A decimal number as text: nothing is lost in reading it.",
}


def _exact(**properties):
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(name):
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_CLAIM = {
    "control_number": _TEXT,
    "version": {"type": "integer", "minimum": 1},
    "payer": _MAYBE,
    "state": _TEXT,
    "invoice_state": _TEXT,
    "total_charge": _MONEY,
    "open_balance": _MONEY,
    "approval": {"enum": ["pending", None]},
    "lines": _list("ClaimLine"),
}

SCHEMAS = {
    "Case": _exact(type=_TEXT, state=_TEXT),
    "Claim": _exact(**_CLAIM),
    "ClaimLine": _exact(line_control_number=_TEXT, code=_TEXT, charge=_MONEY),
    "EncounterDocument": _exact(
        encounter=_exact(
            number=_TEXT, facility=_TEXT, state=_TEXT, total_charge=_MONEY
        ),
        claims=_list("Claim"),
        cases=_list("Case"),
    ),
    "ClaimDocument": _exact(
        claim=_exact(**_CLAIM, encounter=_TEXT, facility=_TEXT), cases=_list("Case")
    ),
    "RemittanceDocument": _exact(
        file_state=_TEXT,
        remittances=_list("RemittanceState"),
        cases=_list("Case"),
    ),
    "RemittanceState": _exact(
        trace=_TEXT,
        payer=_MAYBE,
        amount=_MONEY,
        state=_TEXT,
        claims=_COUNT,
        parked=_COUNT,
    ),
}
