"""CSV as people write it: bytes to records, headers to columns, cells to figures, any size in bounded memory."""
