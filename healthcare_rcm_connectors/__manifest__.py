{
    "name": "Healthcare RCM Connectors",
    "summary": "Events in and out: JSON-RPC, HTTP, idempotent inbox",
    "version": "19.0.1.0.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["healthcare_rcm_remittance"],
    "data": [],
}
