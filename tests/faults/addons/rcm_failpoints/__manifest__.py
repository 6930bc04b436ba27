{
    "name": "Failpoints for the fault tests",
    "summary": "Lets a test kill a worker at a named place; never installed",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Healthcare RCM contributors",
    "license": "LGPL-3",
    "depends": ["base"],
    "installable": True,
}
