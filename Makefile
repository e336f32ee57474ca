# One door for everything. Needs Python 3.11 or later and make (3.81, the one macOS has, is enough).
# Settings pass through the environment: ETL_FAIL_AFTER_N_RECORDS=2 make run

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

# ---------------------------------------------------------------- the environment
# Each step leaves a stamp inside the environment, so a second `make run` starts at once: a step is repeated
# only when the file it reads has changed.

$(VENV)/made:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found=$${found:-$$python}; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "Creating $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$found" ]; then \
	  echo "$$found cannot make virtual environments: it has no venv or no ensurepip module." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
	  echo "No Python 3.11 or later found. If it has another name: make PYTHON=/path/to/python3" >&2; \
	fi; exit 1

# The package itself is installed as a link to this checkout, with the build backend that the lock names
# instead of whatever is newest today.
$(VENV)/runtime: requirements.lock requirements-build.lock pyproject.toml hatch_build.py $(VENV)/made
	@echo "Installing what the service needs (requirements.lock)"
	@$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/runtime
	@echo "Installing what the tests and checks need (requirements-dev.lock)"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# ---------------------------------------------------------------- pages
# What browsers see, from ui/. Node is one of the build requirements; nothing is done when ui/ is as it was.
.PHONY: pages pages-if-they-can
pages: $(VENV)/runtime  ## Build the console and the playground
	@$(PY) ui/build.py

# Without network there may be no pages. The service runs all the same and shows the reason in their place.
pages-if-they-can: $(VENV)/runtime
	@$(PY) ui/build.py || true

# ---------------------------------------------------------------- run
.PHONY: run
run: pages-if-they-can  ## Serve on 127.0.0.1:8000: SQLite file, first ingestion, schedule
	@$(BIN)/kasparro serve

# Both run behind the shell, which waits for the service: Ctrl-C reaches the service from the terminal, SIGTERM is
# passed on, and the upstreams end after it. The loop is there because a trapped signal also ends a `wait`.
# The pretend market moves once a minute and has no call limits, so it is asked once a minute.
DEMO_PORT := 9100
.PHONY: demo
demo: $(VENV)/dev pages-if-they-can  ## The same without network or API keys: pretend upstreams, data/demo.sqlite3
	@mkdir -p data; \
	$(PY) -m tests.upstream --port $(DEMO_PORT) & upstream=$$!; \
	$(PY) -c 'import socket, time; any(not socket.socket().connect_ex(("127.0.0.1", $(DEMO_PORT))) or time.sleep(0.1) for _ in range(100))'; \
	DATABASE_URL=sqlite:///data/demo.sqlite3 \
	COINGECKO_BASE_URL=http://127.0.0.1:$(DEMO_PORT)/api/v3 \
	COINPAPRIKA_BASE_URL=http://127.0.0.1:$(DEMO_PORT)/v1 \
	COINGECKO_MAX_COINS=5000 COINGECKO_CALLS_PER_MINUTE=600 ETL_SCHEDULE_COINGECKO=1m ETL_SCHEDULE_COINPAPRIKA=1m \
	  $(BIN)/kasparro serve & service=$$!; \
	trap : INT; trap 'kill $$service' TERM; \
	while kill -0 $$service 2>/dev/null; do wait $$service; status=$$?; done; \
	kill $$upstream 2>/dev/null; exit $$status

COMPOSE := docker compose
.PHONY: up down
up:  ## PostgreSQL and the app in containers, until both are healthy
	$(COMPOSE) up --build --detach --wait --wait-timeout 120 || { $(COMPOSE) logs --tail 30; exit 1; }
	@echo "Serving: http://127.0.0.1:$${PORT:-8000}/"

down:  ## Stop the containers; data stays in their volumes
	$(COMPOSE) down

# ---------------------------------------------------------------- check
.PHONY: test
test: $(VENV)/dev pages-if-they-can  ## Every test; those for PostgreSQL where TEST_POSTGRES_URL answers
	$(PY) -m pytest -n auto --dist worksteal

.PHONY: check
check: $(VENV)/dev  ## Formatting, lint, types, import contracts, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PY) ui/build.py --types
	$(PY) -m graphql_schema.compatibility
	@$(MAKE) --no-print-directory test

# Each prints a summary and fails on a violation. TEST_POSTGRES_URL names the PostgreSQL server, as for the tests.
N := 200
SEED := 1
SEEDS := 1000
.PHONY: crash chaos faults simulate mutants
crash: $(VENV)/dev  ## Kill a run at each of its points, on both databases, and resume it
	$(PY) -m tests.crash

chaos: $(VENV)/dev  ## Strike N runs at random moments on each database: N=200 SEED=1
	$(PY) -m tests.chaos --kills $(N) --seed $(SEED)

faults: $(VENV)/dev  ## Meet each fault in full: a lock of a minute, a line of a gigabyte, a hundred mixtures
	FAULTS=long $(PY) -m pytest tests/faults

simulate: $(VENV)/dev  ## Hours of whole servers under a virtual clock, from seeds: SEEDS=10000
	$(PY) -m tests.simulation --seeds $(SEEDS)

.PHONY: identity-eval
identity-eval: $(VENV)/dev  ## Measure how well coins are told apart; with RECORDED_DATA on recorded lists too
	$(PY) -m tests.identity

mutants: $(VENV)/dev  ## Take each safeguard out and see its test turn red
	$(PY) -m tests.mutants

.PHONY: bench
SIZE := 5000
bench: $(VENV)/dev  ## Measure against the limits and against peers (SIZE records; peers go to build/bench)
	$(PY) -m bench --size $(SIZE)

# ---------------------------------------------------------------- files made by a program
# Pins already in the lock files are kept; `make lock UV_FLAGS=--upgrade` moves them.
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-header --no-emit-index-url --no-annotate $(UV_FLAGS)
BUILD_REQUIRES = $(PY) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb")); \
	print(*project["build-system"]["requires"], "editables", sep="\n")'
.PHONY: lock
lock: $(VENV)/dev  ## Resolve pyproject.toml into the lock files
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --output-file requirements-dev.lock --constraint requirements.lock --group dev pyproject.toml
	$(BUILD_REQUIRES) | $(LOCK) --output-file requirements-build.lock --constraint requirements-dev.lock -

.PHONY: schema
schema: $(VENV)/runtime  ## Print the GraphQL schema into graphql_schema/schema.graphql
	@$(BIN)/kasparro schema > graphql_schema/schema.graphql.new
	@mv graphql_schema/schema.graphql.new graphql_schema/schema.graphql

.PHONY: release-schema
release-schema: schema  ## Take today's GraphQL schema for the released one
	@cp graphql_schema/schema.graphql graphql_schema/released.graphql

.PHONY: screenshots
screenshots: $(VENV)/dev pages  ## Take the pictures of the README and docs, with the system's Chromium
	@$(PY) -m tests.pages.screenshots

.PHONY: format
format: $(VENV)/dev  ## Let ruff format and fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# ---------------------------------------------------------------- upkeep
.PHONY: clean
clean:  ## Remove the environment, caches and build output; data/ and .env stay
	rm -rf $(VENV) build dist app/web/pages ui/node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:  ## This list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
