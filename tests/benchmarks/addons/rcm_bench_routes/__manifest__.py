{
    "name": "Bare routes for the intake benchmark",
    "summary": "What Odoo itself costs; never installed",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["base"],
    "installable": True,
}
