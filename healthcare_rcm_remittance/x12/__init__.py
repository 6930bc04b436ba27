"""X12 835 reader: pure Python, standard library only, streaming, no clock."""
