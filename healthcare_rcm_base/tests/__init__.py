from . import test_audit_log
from . import test_audit_seal
from . import test_core_control_number
from . import test_core_states
from . import test_core_ticket
from . import test_core_values
from . import test_document_mixin
