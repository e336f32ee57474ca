"""Tables as files: CSV, NDJSON and Parquet."""
