"""Who is who, by what was sent and by the database."""


def expected_people(events):
    """Which encounters share an account, and which are of possible duplicates.

    :return: (set of pairs of encounters with one account, set of pairs with two
        accounts that may be one person)
    """
    same, likely, seen = set(), set(), []
    for event in events:
        if event["type"] not in ("encounter.completed", "encounter.registered"):
            continue
        data = event["data"]
        person = data["patient"]
        number, birth = data["encounter"]["number"], person["birth_date"]
        name = (person["first_name"], person["last_name"], birth)
        members = {
            (item["payer"], item["member_id"], birth)
            for item in data.get("coverages") or ()
        }
        for other, other_name, other_members in seen:
            pair = tuple(sorted((number, other)))
            if members & other_members:
                same.add(pair)
            elif name == other_name:
                likely.add(pair)
        seen.append((number, name, members))
    return same, likely


def actual_people(cursor):
    """The same two sets as the database holds them."""
    cursor.execute(
        """
        SELECT a.number, b.number FROM rcm_encounter a
          JOIN rcm_encounter b ON a.patient_id = b.patient_id AND a.number < b.number
        """
    )
    same = set(cursor.fetchall())
    cursor.execute(
        """
        SELECT LEAST(a.number, b.number), GREATEST(a.number, b.number)
          FROM rcm_possible_duplicate pair
          JOIN rcm_encounter a ON a.patient_id = pair.patient_id
          JOIN rcm_encounter b ON b.patient_id = pair.other_patient_id
         WHERE pair.kind = 'patient' AND pair.state = 'open'
        """
    )
    return same, set(cursor.fetchall())


def people_differences(want, have):
    """What differs between two answers of who is who, as rows like those of money."""
    words = ("one patient account", "possible duplicate")
    return [
        (f"encounters {' and '.join(pair)}, {word}", pair in left, pair in right)
        for word, left, right in zip(words, want, have, strict=True)
        for pair in sorted(left ^ right)
    ]
