from .bulk import bulk_update
from .values import differing
