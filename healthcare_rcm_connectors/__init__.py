from . import protocol, tools, models, wizard, controllers
