from . import core, models, wizard
from .hooks import post_init_hook, uninstall_hook
from .tools import connection_loss, log_records, prompt_workers

# As soon as the module is in the process, whoever imports it first: no patient data
# in the log, no waiting for a database that is gone, or for work that is there.
log_records.install()
connection_loss.install()
prompt_workers.install()
