# StockENT Messaging. `make run` sets everything up and starts the demo; `make test` sets everything up and checks all.
# Needs Python 3.11 or newer. Node.js 20.19 or newer is used where there is one, else brought from PyPI.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 5001
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PAGE := src/stockent/http/page/index.html
# The first that runs: a version manager's stand-in may be found and yet lead nowhere.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# The virtual environment comes first: a Node.js that was brought from PyPI lies there.
export PATH := $(BIN):$(PATH)

# What runs beside something else tells its lines at its end, where this make can do that.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

NODE_READY := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && npm --version >/dev/null 2>&1

.PHONY: help run test lint types page-test check page wheel bench attacks torture endure lock clean

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

run: $(VENV)/.ready $(PAGE) ## Set up, build the page and serve the demo at http://127.0.0.1:5001
	$(BIN)/stockent serve --demo --port $(PORT)

test: $(VENV)/.ready $(PAGE) $(VENV)/.browser ## Set up and run every check and test
	$(MAKE) --no-print-directory --jobs=2 $(SYNC) lint types page-test
	$(BIN)/pytest tests $(if $(shell command -v cc),benchmarks) -n 2 --dist loadfile

lint: $(VENV)/.ready frontend/node_modules/.ready ## Format, lint and import rules
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/lint-imports
	cd frontend && npm run lint

types: $(VENV)/.ready frontend/node_modules/.ready ## Types of Python and TypeScript, and drift of what is generated
	$(BIN)/mypy
	$(BIN)/python -m stockent.schema_export --check
	cd frontend && npm run typecheck && npm run types -- --check

page-test: frontend/node_modules/.ready ## Tests of the page and of its client
	cd frontend && npm test

check: $(VENV)/.ready ## Start a server and run the real-time check against it
	$(BIN)/stockent check

page: $(PAGE) ## Build the page

wheel: $(PAGE) $(VENV)/.ready ## Build the wheel, the page inside
	$(BIN)/python -m hatchling build -t wheel

# `make bench BENCH=--full` adds a store of 10,000,000 messages: 5 minutes and 4.5 GB more.
bench: $(VENV)/.ready ## Measure, into docs/performance.md
	$(BIN)/python -m benchmarks --write-docs $(BENCH)

ATTACKS_REPORT ?= attacks.md
attacks: $(VENV)/.ready ## Attack a server, measure who talks beside it, and write the table to attacks.md
	$(BIN)/pytest tests/attacks --measure 1 --report $(ATTACKS_REPORT)

torture: $(VENV)/.ready ## Prove that nothing acknowledged is lost: see docs/reliability.md
	$(BIN)/stockent torture $(TORTURE)

endure: $(VENV)/.ready ## Try faults and load: see docs/endurance.md
	$(BIN)/python -m benchmarks.endurance $(SCENARIOS)

lock: $(VENV)/.ready ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade --custom-compile-command "make lock" --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade --custom-compile-command "make lock" --group node -o requirements-node.lock

clean: ## Remove what was built or installed; data stays
	rm -rf $(VENV) frontend/node_modules src/stockent/http/page dist

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and none was found; set PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

frontend/node_modules/.ready: frontend/package-lock.json frontend/package.json $(VENV)/.ready
	@$(NODE_READY) || { echo "No Node.js 20.19 or newer: bringing one from PyPI"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock; }
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGE): frontend/node_modules/.ready $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)
	cd frontend && npm run build
	@touch $@

# A Chromium of the system is used where there is one; else Playwright brings its own.
$(VENV)/.browser: $(VENV)/.ready
	@command -v chromium chromium-browser google-chrome >/dev/null || $(BIN)/playwright install --with-deps chromium
	@touch $@
