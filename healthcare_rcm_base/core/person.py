"""How people are named and reached: the fields of patients, guarantors and contacts."""

# In the order in which they are read on a letter.
CONTACT = (
    "phone",
    "email",
    "street",
    "street2",
    "city",
    "state_id",
    "zip",
    "country_id",
)
