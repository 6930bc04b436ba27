"""National Provider Identifier: ten digits, the last one a check digit.

The check is the Luhn formula over the prefix 80840 and the identifier, as 45 CFR
162.406 and the NPI check digit paper of CMS fix it.
"""

ISSUER_PREFIX = "80840"


def is_valid(value):
    """Whether ``value`` is a well-formed NPI."""
    if not isinstance(value, str) or len(value) != 10:
        return False
    if not (value.isascii() and value.isdigit()):
        return False
    return _luhn_sum(ISSUER_PREFIX + value) % 10 == 0


def _luhn_sum(digits):
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total
