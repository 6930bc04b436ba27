"""Steps of an upgrade, loaded as Odoo's loader does, for their tests."""

from importlib.util import module_from_spec, spec_from_file_location

from odoo.tools import file_path


def migration_step(path):
    """The module of the step at ``path`` (module/migrations/version/name.py)."""
    spec = spec_from_file_location("rcm_migration_step", file_path(path))
    step = module_from_spec(spec)
    spec.loader.exec_module(step)
    return step
