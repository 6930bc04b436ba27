"""Claim control numbers (CLM01): opaque, unique, at most 20 characters.

They leave the house on every claim and come back on every remittance, so they say
nothing about patient or encounter, survive upper-casing, and carry an ISO 7064
MOD 37,36 check character that catches every wrong character and nearly every swap.
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PREFIX = "R"
BODY_LENGTH = 10
_SPACE = 36**BODY_LENGTH
# Coprime to 36, so the step is a permutation: different in, different out.
_MULTIPLIER = 1_973_536_278_715_319
_OFFSET = 1_234_775_099_231_077


def make(sequence):
    """Return the control number of the positive integer ``sequence``."""
    if isinstance(sequence, bool) or not isinstance(sequence, int):
        raise TypeError("a sequence number is an integer")
    if not 0 < sequence < _SPACE:
        raise ValueError(f"sequence number out of range: {sequence}")
    number = (sequence * _MULTIPLIER + _OFFSET) % _SPACE
    body = ""
    for _place in range(BODY_LENGTH):
        number, rest = divmod(number, 36)
        body = ALPHABET[rest] + body
    return PREFIX + body + _check_character(PREFIX + body)


def is_valid(text):
    """Whether ``text`` has the form and check character of our own numbers."""
    return (
        isinstance(text, str)
        and len(text) == len(PREFIX) + BODY_LENGTH + 1
        and text.startswith(PREFIX)
        and all(character in ALPHABET for character in text)
        and _check_character(text[:-1]) == text[-1]
    )


def _check_character(text):
    product = 36
    for character in text:
        product = (product + ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return ALPHABET[(37 - product) % 36]
