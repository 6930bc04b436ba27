{
    "name": "Healthcare RCM Base",
    "summary": "Encounters, charges, contracts, claims, invoices, exception cases "
    "and audit log",
    "version": "19.0.1.0.0",
    "category": "Accounting/Revenue Cycle",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["account", "base_automation"],
    # Order: groups, access, rules, data, wizard views, menus, views.
    "data": [
        # security
        "security/rcm_groups.xml",
        "security/ir.model.access.csv",
        # rules
        "security/rcm_master_rules.xml",
        "security/rcm_exception_rules.xml",
        "security/rcm_billing_rules.xml",
        "security/rcm_ledger_rules.xml",
        "security/rcm_charge_rules.xml",
        # data
        "data/rcm_master_data.xml",
        "data/rcm_exception_data.xml",
        "data/rcm_exception_automation.xml",
        "data/rcm_validation_rule_data.xml",
        "data/rcm_billing_automation.xml",
        "data/rcm_charge_data.xml",
        "data/rcm_audit_data.xml",
        # menus (before every view that hangs its own menu item under them)
        "views/rcm_menus.xml",
        # wizards
        "wizard/rcm_price_check_views.xml",
        "wizard/rcm_charge_correct_views.xml",
        "wizard/rcm_guarantor_edit_views.xml",
        "wizard/rcm_accounting_setup_views.xml",
        "views/rcm_audit_wizard_views.xml",
        "views/rcm_exception_wizard_views.xml",
        # views
        "views/rcm_facility_views.xml",
        "views/rcm_provider_group_views.xml",
        "views/rcm_provider_views.xml",
        "views/rcm_payer_views.xml",
        "views/rcm_service_code_views.xml",
        "views/rcm_payer_contract_views.xml",
        "views/rcm_payer_contract_rate_views.xml",
        "views/rcm_authorization_views.xml",
        "views/rcm_patient_account_views.xml",
        "views/rcm_coverage_views.xml",
        "views/rcm_identifier_views.xml",
        "views/res_users_views.xml",
        "views/res_config_settings_views.xml",
        "views/rcm_account_mapping_views.xml",
        "views/account_move_views.xml",
        "views/rcm_exception_case_views.xml",
        "views/rcm_exception_queue_views.xml",
        "views/rcm_audit_views.xml",
        "views/rcm_encounter_views.xml",
        "views/rcm_claim_views.xml",
        "views/rcm_claim_ledger_views.xml",
        "views/rcm_claim_note_views.xml",
        "views/rcm_charge_views.xml",
        "views/rcm_charge_category_views.xml",
        "views/rcm_service_order_views.xml",
        "views/rcm_validation_rule_views.xml",
    ],
    "demo": [
        "demo/rcm_master_demo.xml",
        "demo/rcm_users_demo.xml",
        "demo/rcm_exception_demo.xml",
        # last: maps the accounts of the chart loaded above
        "demo/rcm_accounting_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "healthcare_rcm_base/static/src/**/*",
        ],
        "web.assets_tests": [
            "healthcare_rcm_base/static/tests/tours/*.js",
        ],
    },
    "application": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
