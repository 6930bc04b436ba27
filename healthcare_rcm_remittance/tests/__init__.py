from . import test_x12_balance
from . import test_x12_canonical
from . import test_x12_command
from . import test_x12_envelope
from . import test_x12_fuzz
from . import test_x12_tokenizer
from . import test_x12_transaction
from . import test_x12_values
