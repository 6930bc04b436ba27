"""Who is who: whether a person a source names is one we know already.

Deterministic keys first: a medical record number of the same facility, or member id
with birth date. Then a score over name, birth date, address and phone. A score alone
is *sure* only when nothing contradicts it; everything else that comes close is
*likely* and a matter for a person. Symmetric, and blind to the order of candidates.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler, Levenshtein

SURE, LIKELY, NONE = "sure", "likely", "none"
PARTS = ("name", "birth_date", "address", "phone")
# Below this two names are different names, not two ways to write one.
NAME_FLOOR = 0.8
# Brothers and sisters share the family name: the given name tells more.
GIVEN_SHARE, FAMILY_SHARE = 0.6, 0.4
# A part one side does not know is no evidence either way.
UNKNOWN = 0.5
PHONE_DIGITS = 10
KEY_BYTES = 12

_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_STREET_WORDS = {
    "street": "st",
    "avenue": "ave",
    "road": "rd",
    "drive": "dr",
    "lane": "ln",
    "boulevard": "blvd",
    "court": "ct",
    "place": "pl",
    "square": "sq",
    "highway": "hwy",
    "parkway": "pkwy",
    "apartment": "apt",
    "suite": "ste",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
}
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_VOWELS = re.compile(r"[aeiouyhw]")


@dataclass(frozen=True, slots=True)
class Person:
    """Normalised facts; make them with ``person``, never by hand."""

    key: int = 0
    first: str = ""
    last: str = ""
    birth_date: date | None = None
    sex: str = ""
    street: str = ""
    zip: str = ""
    phone: str = ""
    mrns: frozenset[tuple[str, str]] = frozenset()
    members: frozenset[tuple[str, str]] = frozenset()
    middle: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Weights of the parts and the two thresholds, out of 100."""

    name: int = 45
    birth_date: int = 35
    address: int = 10
    phone: int = 10
    sure: int = 95
    likely: int = 80

    def weight(self, part: str) -> int:
        return getattr(self, part)


SHIPPED = Policy()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two people side by side: what each part says and what it comes to.

    ``parts`` maps a part to 0…100, or None where one side does not know it.
    ``reasons`` are codes; ``result`` is what follows from this pair alone.
    """

    result: str
    score: int
    parts: dict[str, int | None]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for one person: which candidate, how certain, and why."""

    result: str = NONE
    key: int = 0
    score: int = 0
    parts: dict[str, int | None] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


# ----------------------------------------------------------------------
# Normalisation
# ----------------------------------------------------------------------
def person(
    key=0,
    first_name="",
    last_name="",
    birth_date=None,
    sex="",
    street="",
    zip_code="",
    phone="",
    mrns=(),
    members=(),
    middle_name="",
) -> Person:
    """Normalise what a source or a record says about a person.

    :param mrns: pairs (facility, medical record number)
    :param members: pairs (payer, member id)
    """
    return Person(
        key=key,
        first=_name(first_name),
        last=_name(last_name),
        birth_date=birth_date or None,
        sex=sex if sex in ("F", "M") else "",
        street=_street(street),
        zip=_NOT_DIGIT.sub("", zip_code or "")[:5],
        phone=_phone(phone),
        mrns=_pairs(mrns),
        members=_pairs(members),
        middle=_name(middle_name),
    )


def _plain(text):
    decomposed = unicodedata.normalize("NFKD", text or "")
    kept = "".join(char for char in decomposed if not unicodedata.combining(char))
    return kept.casefold().replace("'", "").replace("’", "")


def _words(text):
    return [word for word in _NOT_WORD.split(_plain(text)) if word]


def _name(text):
    words = _words(text)
    kept = [word for word in words if word not in _SUFFIXES] or words
    return " ".join(kept)


def _street(text):
    return " ".join(_STREET_WORDS.get(word, word) for word in _words(text))


def _phone(text):
    digits = _NOT_DIGIT.sub("", text or "")
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""


def _pairs(pairs):
    cleaned = ((str(owner), (value or "").strip().upper()) for owner, value in pairs)
    return frozenset(pair for pair in cleaned if pair[1])


# ----------------------------------------------------------------------
# Blocking keys: the only way candidates are looked up
# ----------------------------------------------------------------------
def blocking_keys(who: Person) -> frozenset[str]:
    """Digests under which a person is found again in spite of a few differences.

    Two records are compared only when they share a key, so a look-up reads a few
    index entries, however many patients there are. The digests name nobody.
    """
    keys = []
    if who.birth_date:
        day = who.birth_date.isoformat()
        if who.last:
            keys.append(("birth-family", day, _skeleton(who.last)))
        if who.first:
            keys.append(("birth-given", day, who.first[:3]))
    if who.last and who.first and who.zip:
        keys.append(("name-place", who.last, who.first[:3], who.zip))
    if who.phone:
        keys.append(("phone", who.phone))
    return frozenset(_digest(parts) for parts in keys)


def _skeleton(name):
    """First letter and the next consonants: survives most typing errors."""
    squeezed = name.replace(" ", "")
    rest = _VOWELS.sub("", squeezed[1:])
    return (
        squeezed[:1]
        + "".join(
            char
            for place, char in enumerate(rest)
            if place == 0 or rest[place - 1] != char
        )[:3]
    )


def _digest(parts):
    return blake2b("|".join(parts).encode(), digest_size=KEY_BYTES).hexdigest()


# ----------------------------------------------------------------------
# Comparing two
# ----------------------------------------------------------------------
def compare(one: Person, other: Person, policy: Policy = SHIPPED) -> Comparison:
    """Put two people side by side; ``compare(a, b) == compare(b, a)``."""
    found = {
        "name": _compare_names(one, other),
        "birth_date": _compare_dates(one.birth_date, other.birth_date),
        "address": _compare_places(one, other),
        "phone": float(one.phone == other.phone) if one.phone and other.phone else None,
    }
    score = _score(found, policy)
    shared = _shared_keys(one, other)
    against = _contradictions(one, other)
    parts = {
        part: None if value is None else round(value * 100)
        for part, value in found.items()
    }
    equal = tuple(f"same_{part}" for part in PARTS if parts[part] == 100)
    return Comparison(
        _judge(score, shared, against, equal, policy),
        score,
        parts,
        shared + against + equal,
    )


def _score(found, policy):
    """0…100: the weighted mean, an unknown part counting half."""
    total = sum(policy.weight(part) for part in PARTS)
    gained = sum(
        policy.weight(part) * (UNKNOWN if value is None else value)
        for part, value in found.items()
    )
    return round(100 * gained / total) if total else 0


def _shared_keys(one, other):
    """The deterministic keys both have."""
    shared = []
    if one.mrns & other.mrns:
        shared.append("same_mrn")
    same_birth = one.birth_date and one.birth_date == other.birth_date
    if same_birth and one.members & other.members:
        shared.append("same_member")
    return tuple(shared)


def _contradictions(one, other):
    """What two records of one person would not say."""
    against = []
    if _other_mrn(one, other):
        against.append("other_mrn")
    if one.birth_date and other.birth_date and one.birth_date != other.birth_date:
        against.append("other_birth_date")
    if one.sex and other.sex and one.sex != other.sex:
        against.append("other_sex")
    if one.first and other.first and _similar(one.first, other.first) < NAME_FLOOR:
        against.append("other_first_name")
    if _other_middle(one.middle, other.middle):
        against.append("other_middle_name")
    return tuple(against)


def _other_middle(mine, theirs):
    """Two middle names that are not one; an initial is short for what it begins."""
    if not mine or not theirs or mine.startswith(theirs) or theirs.startswith(mine):
        return False
    return mine[0] != theirs[0] or _similar(mine, theirs) < NAME_FLOOR


def _other_mrn(one, other):
    """One facility gave the two different numbers, and none in common."""
    if one.mrns & other.mrns:
        return False
    mine = {facility for facility, _number in one.mrns}
    return any(facility in mine for facility, _number in other.mrns)


def _judge(score, shared, against, equal, policy):
    if "same_mrn" in shared:
        # A number given twice: one person, unless nearly everything else differs.
        both = {"other_birth_date", "other_first_name"}.issubset(against)
        return LIKELY if both else SURE
    if "same_member" in shared:
        # Twins share the policy and the day.
        return LIKELY if against else SURE
    if score >= policy.sure and not against:
        if {"same_name", "same_birth_date"}.issubset(equal):
            return SURE
        return LIKELY
    return LIKELY if score >= policy.likely else NONE


def _compare_names(one, other):
    if not ((one.first or one.last) and (other.first or other.last)):
        return None
    given = _name_part(one.first, other.first)
    family = _name_part(one.last, other.last)
    crossed = _name_part(one.first, other.last) + _name_part(one.last, other.first)
    straight = GIVEN_SHARE * given + FAMILY_SHARE * family
    return max(straight, 0.95 * crossed / 2)


def _name_part(mine, theirs):
    if not mine or not theirs:
        return UNKNOWN if mine or theirs else 1.0
    alike = _similar(mine, theirs)
    return alike if alike >= NAME_FLOOR else 0.0


def _similar(mine, theirs):
    if mine == theirs:
        return 1.0
    # Jaro-Winkler is symmetric by definition; its implementations nearly are.
    first, second = sorted((mine, theirs))
    return JaroWinkler.similarity(first, second)


def _compare_dates(mine, theirs):
    if not mine or not theirs:
        return None
    if mine == theirs:
        return 1.0
    if mine.year == theirs.year and (mine.month, mine.day) == (
        theirs.day,
        theirs.month,
    ):
        return 0.7
    typed = Levenshtein.distance(mine.isoformat(), theirs.isoformat())
    return 0.6 if typed == 1 else 0.0


def _compare_places(one, other):
    if not (one.street and other.street):
        if one.zip and other.zip and one.zip != other.zip:
            return 0.0
        return None
    first, second = sorted((one.street, other.street))
    street = fuzz.token_sort_ratio(first, second) / 100
    if one.zip and other.zip:
        return 0.7 * street + 0.3 * (one.zip == other.zip)
    return street


# ----------------------------------------------------------------------
# Deciding among candidates
# ----------------------------------------------------------------------
_RANK = {SURE: 2, LIKELY: 1, NONE: 0}


def decide(who: Person, candidates, policy: Policy = SHIPPED, apart=()) -> Match:
    """Find ``who`` among ``candidates``; their order does not matter.

    Two candidates that are both sure are one too many: then none is linked, and a
    person decides (``several_sure``).

    :param apart: keys of candidates a person said are somebody else
    """
    known = frozenset(apart)
    compared = [
        (candidate.key, compare(who, candidate, policy))
        for candidate in candidates
        if candidate.key not in known
    ]
    best = min(compared, key=_preference, default=None)
    if best is None or best[1].result == NONE:
        return Match()
    key, found = best
    sure = [one for one, item in compared if item.result == SURE]
    result, reasons = found.result, found.reasons
    if len(sure) > 1:
        result, reasons = LIKELY, (*reasons, "several_sure")
    return Match(result, key, found.score, found.parts, reasons)


def _preference(item):
    key, found = item
    return (
        -_RANK[found.result],
        "same_mrn" not in found.reasons,
        "same_member" not in found.reasons,
        -found.score,
        key,
    )
