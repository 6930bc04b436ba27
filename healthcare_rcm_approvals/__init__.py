from . import models, policy, wizard
