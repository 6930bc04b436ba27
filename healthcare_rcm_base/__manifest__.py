{
    "name": "Healthcare RCM Base",
    "summary": "Encounters, charges, contracts, claims, invoices, exception cases and audit log",
    "version": "19.0.1.0.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["account", "base_automation"],
    "data": [],
}
