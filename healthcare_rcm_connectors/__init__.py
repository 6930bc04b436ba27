from . import protocol, models, wizard, controllers
