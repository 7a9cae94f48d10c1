# The only list of commands. A bare machine needs Python >= 3.11 with pip, git and make.
.DEFAULT_GOAL := help
.PHONY: help up down clean status demo dev docs lint test e2e bench
.ONESHELL:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

export UV_PYTHON_DOWNLOADS := never
export PYTHONUNBUFFERED := 1
UV_VERSION := 0.13.8
RUN := .venv/bin/python -m
SETUP := .venv/.synced

DATA ?= generated
SIZE ?= small
AS_OF ?=
NAME ?= ingest

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

# uv comes from the PATH or, without touching the system, into .uv/.
define FIND_UV
uv=$$(command -v uv || true)
if [ -z "$$uv" ]; then
  uv=.uv/bin/uv
  if [ ! -x "$$uv" ]; then
    python3 -m pip --version >/dev/null 2>&1 || {
      echo "opsmart needs pip for python3 (on Debian: apt-get install python3-pip) or uv on the PATH" >&2; exit 1; }
    echo "==> fetching uv $(UV_VERSION)"
    python3 -m pip install --quiet --disable-pip-version-check --target .uv "uv==$(UV_VERSION)"
  fi
fi
endef

$(SETUP): pyproject.toml uv.lock
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
	  echo "opsmart needs Python 3.11 or newer as python3 (found: $$(python3 --version 2>&1 || true)): install it" >&2; exit 1; }
	$(FIND_UV)
	echo "==> installing the locked packages into .venv"
	"$$uv" sync --frozen --quiet --python "$$(command -v python3)"
	touch $(SETUP)

up: $(SETUP) ## start the embedded PostgreSQL
	@$(RUN) warehouse up

down: $(SETUP) ## stop it
	@$(RUN) warehouse down

status: $(SETUP) ## what runs, which data set, how large
	@$(RUN) warehouse status

clean: $(SETUP) ## stop everything and remove all data opsmart made here
	@$(RUN) warehouse clean

demo: $(SETUP) ## the whole way on generated data (SIZE=small|tiny|seed) or DATA=recorded|helpdesk [AS_OF=...]
	@$(RUN) orchestration demo --data $(DATA) --size $(SIZE) $(if $(AS_OF),--as-of $(AS_OF))

dev: $(SETUP) ## Dagster's UI on http://127.0.0.1:3000
	@$(RUN) orchestration dev

docs: $(SETUP) ## the dbt docs site as one page, and the model cards: .opsmart/docs/
	@$(RUN) orchestration docs

lint: $(SETUP) ## ruff, mypy, sqlfluff
	@.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/sqlfluff lint --processes 2 dbt_project

test: lint ## lint, then unit and integration tests, offline
	@$(RUN) pytest -m "not e2e"

e2e: $(SETUP) ## the slow checks: fresh demos, recorded data, kill -9, real Prometheus
	@$(RUN) pytest -m e2e

bench: $(SETUP) ## a benchmark by its NAME (ingest, warehouse, ml, scoring), beside what else one would take
	@$(FIND_UV)
	UV="$$uv" $(RUN) benchmarks.$(NAME)
