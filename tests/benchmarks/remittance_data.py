"""Synthetic 835 files of any size: balanced, seeded, nobody's data.

Claims look like those of a clinic: one to three lines from a small charge master,
one allowed amount per code, copay, deductible or coinsurance, sometimes a denial.
"""

import random

ISA = (
    "ISA*00*          *00*          *ZZ*SYNTHPAYER     *ZZ*SYNTHCLINIC    "
    "*260105*1200*^*00501*000000001*0*P*:~"
    "GS*HP*SYNTHPAYER*SYNTHCLINIC*20260105*1200*1*X*005010X221A1~"
)
# code: (charge, allowed) in cents
CHARGE_MASTER = {
    "99213": (16500, 9241),
    "99214": (24800, 13077),
    "99203": (21000, 11362),
    "99285": (98000, 17842),
    "80053": (5400, 1056),
    "85025": (4100, 777),
    "83036": (4800, 971),
    "71046": (12000, 3418),
    "93000": (9900, 1535),
    "36415": (2500, 857),
    "90686": (4500, 2178),
    "20610": (24000, 6633),
}
DISTINCT = 100
COPAYS = (0, 0, 1500, 2000, 2500, 4000)


def money(cents: int) -> str:
    """Cents as X12 writes them."""
    return f"{cents // 100}.{cents % 100:02}" if cents >= 0 else "-" + money(-cents)


def service(rng, day, line_number):
    """One line: (charge, paid, patient share, text)."""
    code = rng.choice(list(CHARGE_MASTER))
    charge, allowed = CHARGE_MASTER[code]
    patient = 0
    if rng.random() < 0.06:
        allowed, adjustments = 0, f"CAS*CO*50*{money(charge)}~"
    else:
        adjustments = f"CAS*CO*45*{money(charge - allowed)}~"
        patient = min(rng.choice(COPAYS), allowed)
        reason = "3"
        if rng.random() < 0.25:
            patient, reason = rng.randrange(1, allowed), rng.choice("12")
        if patient:
            adjustments += f"CAS*PR*{reason}*{money(patient)}~"
    paid = allowed - patient
    text = (
        f"SVC*HC:{code}*{money(charge)}*{money(paid)}**1~DTM*472*{day}~"
        f"{adjustments}REF*6R*{line_number}~"
    )
    if allowed:
        text += f"AMT*B6*{money(allowed)}~"
    return charge, paid, patient, text


def claim(rng, number):
    """One claim: (paid, text)."""
    day = f"2025{rng.randrange(10, 13)}{rng.randrange(1, 29):02}"
    lines = [
        service(rng, day, f"{number}L{index}")
        for index in range(1, rng.choice((1, 1, 2, 2, 3)) + 1)
    ]
    charge, paid, patient = (sum(line[column] for line in lines) for column in range(3))
    status = "2" if rng.random() < 0.1 else "1"
    text = (
        f"CLP*RC{number:09}*{status}*{money(charge)}*{money(paid)}*"
        f"{money(patient) if patient else ''}*12*{number + 7 * 10**12}*11*1~"
        f"NM1*QC*1*SYNTHETIC*CASE{number % 997}****MI*SY{number * 37:010}~"
        f"NM1*82*2*SYNTHETIC CLINIC*****XX*1234567893~DTM*050*20251230~"
    )
    return paid, text + "".join(line[3] for line in lines)


def transaction(number, claims, contact=True):
    """One ST/SE with this many claims."""
    rng = random.Random(number)
    body = [claim(rng, number * 100_000 + index) for index in range(claims)]
    paid = sum(item[0] for item in body)
    text = (
        f"ST*835*{number:04}~BPR*I*{money(paid)}*C*ACH*CCP*01*999999992*DA*123456*"
        f"1512345678**01*999988880*DA*98765*20260105~TRN*1*{number:012}*1512345678~"
        "DTM*405*20260105~N1*PR*SYNTHETIC PAYER~N3*1 MAIN STREET~"
        "N4*SPRINGFIELD*FL*111140000~"
        f"{'PER*BL*HELP DESK*TE*5555550100~' if contact else ''}"
        "N1*PE*SYNTHETIC CLINIC*XX*1234567893~REF*TJ*123456789~LX*1~"
    ) + "".join(item[1] for item in body)
    return f"{text}SE*{text.count('~') + 1}*{number:04}~"


def write_file(path, size_bytes, claims=250, contact=True):
    """Write a file of about this size, one transaction after the other.

    After the first hundred they repeat, with numbers of their own: a large file is
    written quickly and is still read in full.
    """
    made = []
    with open(path, "w", encoding="ascii") as stream:
        written = stream.write(ISA)
        number = 0
        while written < size_bytes:
            number += 1
            if number <= DISTINCT:
                made.append(transaction(number, claims, contact))
            original = (number - 1) % DISTINCT
            written += stream.write(
                made[original].replace(f"*{original + 1:04}~", f"*{number:04}~")
            )
        stream.write(f"GE*{number}*1~IEA*1*000000001~")
