{
    "name": "Healthcare RCM",
    "summary": "Revenue cycle for healthcare providers: claims, approvals, "
    "remittances, connectors",
    "version": "19.0.1.5.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": [
        "healthcare_rcm_base",
        "healthcare_rcm_approvals",
        "healthcare_rcm_remittance",
        "healthcare_rcm_connectors",
    ],
    "application": True,
}
