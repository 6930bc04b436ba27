"""Unmistakable values in every field about a person."""

import re
from dataclasses import replace

from .simulator.events import completed_event
from .simulator.feed import DemoDay
from .simulator.knobs import Knobs

KNOBS = Knobs(
    seed=11,
    encounters=7,
    large_claims=1,
    self_pay_rate=0.3,
    stories={},
    batch=0,
    contracts=False,
)
BIRTH = "1931-03-07"
DIAGNOSIS = "Q79X731"
# However a planted value is written down.
CANARY = re.compile(
    r"qzxca|1931-03-07|19310307|03/07/1931|5557718832|555.?771.?8832|q79x?\.?x?731",
    re.IGNORECASE,
)
PATTERN = CANARY.pattern
DIAGNOSES = re.compile(r"q79x?\.?x?731", re.IGNORECASE)


class PlantedDay(DemoDay):
    """The simulated period, with a canary in every field about a person."""

    def _send(self, event, through_rpc):
        if event["type"] == "encounter.completed":
            self.plant(event["data"])
        super()._send(event, through_rpc)

    @staticmethod
    def plant(data):
        number = data["encounter"]["number"]
        person = {
            "first_name": f"Qzxcafirst{number}",
            "last_name": f"Qzxcalast{number}",
            "phone": "+1 555-771-8832",
            "email": f"{number}@qzxcamail.example",
            "address": {
                "street": f"{number} Qzxcastreet",
                "street2": "Qzxcafloor",
                "city": "Qzxcacity",
                "state": "OH",
                "zip": "45501",
            },
        }
        data["patient"] |= {
            **person,
            "mrn": f"QZXCAMRN{number}",
            "birth_date": BIRTH,
        }
        data["guarantor"] |= {
            **person,
            "relationship": "spouse",
            "first_name": f"Qzxcaguarantor{number}",
        }
        for coverage in data["coverages"]:
            coverage["member_id"] = f"QZXCAMEMBER{number}"
            coverage["group_number"] = f"QZXCAGROUP{number}"
        if data["encounter"]["diagnoses"]:
            data["encounter"]["diagnoses"][0] = DIAGNOSIS

    def _send_files(self, files):
        super()._send_files(
            [
                replace(
                    file,
                    content=file.content.replace(
                        b"NM1*QC*1*PATIENT*SAMPLE",
                        b"NM1*QC*1*QZXCALAST*QZXCAFIRST****MI*QZXCAMEMBER",
                    ),
                )
                for file in files
            ]
        )

    @classmethod
    def planted_event(cls, encounter):
        """The event of an encounter that no day sends."""
        event = completed_event(encounter, 12)
        cls.plant(event["data"])
        return event
