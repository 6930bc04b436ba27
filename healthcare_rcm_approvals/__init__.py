from . import controllers, models, policy, wizard
from .hooks import uninstall_hook
