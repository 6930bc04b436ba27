from . import controllers, models, policy, wizard
from .hooks import post_init_hook, uninstall_hook
