"""dlt as its documentation has it: merge into one table of payloads and one of normalized rows.

Arguments: JSON lines, database URL, folder for dlt's own state. Prints the seconds of the load.
"""

import json
import os
import sys
import time
from pathlib import Path

import dlt

file, url, folder = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
if url.startswith("sqlite"):
    # SQLite has one writer at a time; dlt's own parallel loading runs into its lock.
    os.environ["LOAD__WORKERS"] = "1"
lines = file.read_bytes().splitlines()


@dlt.resource(primary_key="external_id", write_disposition="merge")
def raw_assets():
    for line in lines:
        yield {"external_id": json.loads(line)["id"], "payload": line.decode()}


@dlt.resource(primary_key="id", write_disposition="merge", max_table_nesting=0)
def assets():
    for line in lines:
        yield json.loads(line)


if "@" in url and ":" not in url.split("://")[1].split("@")[0]:
    # dlt wants a password even where the server does not.
    url = url.replace("@", ":none@")
destination = dlt.destinations.postgres(url) if url.startswith("postgres") else dlt.destinations.sqlalchemy(url)
began = time.perf_counter()
pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bench", pipelines_dir=folder)
pipeline.run([raw_assets(), assets()])
print(time.perf_counter() - began)
