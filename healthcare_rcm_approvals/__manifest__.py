{
    "name": "Healthcare RCM Approvals",
    "summary": "Approval policies, requests and decisions for revenue-cycle documents",
    "version": "19.0.1.0.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["healthcare_rcm_base", "purchase"],
    "data": [],
}
