"""835 files for the tests, written as segments one can read. Nobody's data."""

from ..x12.model import Limits
from ..x12.reader import read_835

ISA_PARTS = (
    "ISA",
    "00",
    " " * 10,
    "00",
    " " * 10,
    "ZZ",
    "SYNTHPAYER     ",
    "ZZ",
    "SYNTHCLINIC    ",
    "260105",
    "1200",
    "^",
    "00501",
    "000000001",
    "0",
    "P",
    ":",
)
GS = "GS*HP*SYNTHPAYER*SYNTHCLINIC*20260105*1200*1*X*005010X221A1"
HEADER = (
    "TRN*1*TRACE1*1512345678",
    "DTM*405*20260105",
    "N1*PR*SYNTHETIC PAYER",
    "REF*2U*PAYERID",
    "N1*PE*SYNTHETIC CLINIC*XX*1234567893",
    "REF*TJ*123456789",
)
CLAIM = (
    "CLP*A1*1*100.00*80.00*5.00*12*PCN1*11*1",
    "NM1*QC*1*SYNTHETIC*CASE****MI*SY1",
    "SVC*HC:99213*100.00*80.00**1",
    "DTM*472*20251201",
    "CAS*CO*45*15.00",
    "CAS*PR*3*5.00",
    "REF*6R*L1",
)


def isa(**changes) -> str:
    """An ISA without its terminator; ``isa14="T"`` changes an element."""
    parts = list(ISA_PARTS)
    for name, value in changes.items():
        parts[int(name[3:])] = value
    return "*".join(parts)


def bpr(amount="80.00", handling="I", method="ACH", sign="C", date="20260105"):
    """A BPR with all its elements."""
    return f"BPR*{handling}*{amount}*{sign}*{method}*CCP*01*1*DA*2*3**01*4*DA*5*{date}"


def st(*body, number="0001", payment=None, header=HEADER, lx="LX*1", **se):
    """ST to SE; SE01 and SE02 are right unless ``count`` or ``closing`` say else."""
    start = [f"ST*835*{number}", payment or bpr(), *header]
    segments = [*start, *([lx] if lx else []), *body]
    count = se.get("count", len(segments) + 1)
    return [*segments, f"SE*{count}*{se.get('closing', number)}"]


def group(*transactions, gs=GS, control="1", count=None):
    """GS to GE."""
    segments = [segment for transaction in transactions for segment in transaction]
    count = len(transactions) if count is None else count
    return [gs, *segments, f"GE*{count}*{control}"]


def interchange(*groups, head=None, control="000000001", count=None):
    """ISA to IEA as one text, segments ended by ``~``."""
    segments = [segment for part in groups for segment in part]
    count = len(groups) if count is None else count
    return "~".join([head or isa(), *segments, f"IEA*{count}*{control}"]) + "~"


def file_of(*transactions, **options) -> bytes:
    """One interchange with one group."""
    return interchange(group(*transactions), **options).encode()


def payment_file(*body, amount="80.00", **options) -> bytes:
    """One interchange with one transaction that pays ``amount``."""
    return file_of(st(*body, payment=bpr(amount), **options))


def with_delimiters(data: bytes, element, component, repetition, terminator) -> bytes:
    """The same file written with other delimiters."""
    table = bytes.maketrans(
        b"*:^~", b"".join([element, component, repetition, terminator])
    )
    return data.translate(table)


def read_one(data, **limits):
    """The only transaction of a file."""
    return next(read_835(data, Limits(**limits)))


def codes(transaction):
    """Codes of the findings of a transaction."""
    return [finding.code for finding in transaction.findings]
