from . import test_simulator
from . import test_repository
from . import test_install
