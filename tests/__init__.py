from . import test_install
from . import test_main_job
from . import test_menus
from . import test_real_samples
from . import test_repository
from . import test_simulator
from . import test_tours
from . import test_role_matrix
