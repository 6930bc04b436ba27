from . import rcm_accounting_setup
