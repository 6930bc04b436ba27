{
    "name": "Healthcare RCM Approvals",
    "summary": "Approval policies, requests and decisions for revenue-cycle documents",
    "version": "19.0.1.1.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["healthcare_rcm_base", "purchase"],
    "data": [
        "security/ir.model.access.csv",
        "security/rcm_approval_rules.xml",
        "data/rcm_approval_policy_data.xml",
        "views/rcm_approval_policy_views.xml",
        "views/rcm_approval_request_views.xml",
    ],
}
