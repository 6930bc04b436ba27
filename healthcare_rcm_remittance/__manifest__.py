{
    "name": "Healthcare RCM Remittance",
    "summary": "X12 835 remittances: read, balance, match, post, explain",
    "version": "19.0.1.0.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["healthcare_rcm_approvals"],
    "data": [],
}
