from .bulk import bulk_update
from .values import differing, written
from .table_file import MAX_BYTES, TableFileError, read_rows, write_csv, write_xlsx
from .unindexed import UnindexedBinary
