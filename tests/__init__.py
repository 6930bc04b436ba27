from . import test_simulator
from . import test_main_job
