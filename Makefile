# Every job is one word. `make` alone lists them. Nothing but git, make and python3-venv is needed.

PYTHON ?= python3
DEFAULT := $(filter python3,$(PYTHON))
VENV := $(if $(DEFAULT),.venv,.venv-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
QUICK := tests --ignore tests/interop
JOBS ?= 2

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these jobs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Postel needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lab,ssh,http2,fsspec,jobs,tui,dev]'
	@touch $@

.PHONY: tour
tour: $(STAMP) ## see Postel work: a local Internet, files and mail, checked
	@$(BIN)/postel tour

.PHONY: test
test: $(STAMP) ## all checks that need no server: lint, types, twins, contracts, tests, examples
	@$(BIN)/python tools/check.py -j $(JOBS)

.PHONY: interop
interop: $(STAMP) ## real servers and clients, as far as they are installed, and long tests
	$(PYTEST) tests -m "interop or slow"

.PHONY: quick
quick: $(STAMP) ## the quick tests alone
	$(PYTEST) $(QUICK) -q -m "not slow" -n $(JOBS)

.PHONY: matrix
matrix: ## the quick tests under every Python from 3.11 on that runs here
	@$(PYTHON) tools/matrix.py

.PHONY: lint
lint: $(STAMP) ## style, by ruff
	$(BIN)/ruff check .

.PHONY: types
types: $(STAMP) ## types, by mypy, twins included
	$(BIN)/mypy

.PHONY: contracts
contracts: $(STAMP) ## who may import whom
	$(BIN)/lint-imports

.PHONY: twins
twins: $(STAMP) ## write the sync twins of all conversations
	$(BIN)/python tools/unasync.py

.PHONY: rules
rules: $(STAMP) ## the rules of the house: exports, documentation, sizes, import weight
	$(PYTEST) tests/rules -q

.PHONY: docs
docs: $(STAMP) ## write the generated parts of the documentation, and run its examples
	$(BIN)/python tools/docs.py
	$(PYTEST) tests/docs -q

.PHONY: fuzz
fuzz: $(STAMP) ## every grammar against random bytes, for long
	POSTEL_FUZZ=long $(PYTEST) tests/fuzz -q --timeout 3600

.PHONY: bench
bench: $(STAMP) ## Postel beside its peers; ARGS="--quick" for a short run
	$(BIN)/python -m bench $(ARGS)

.PHONY: clean
clean: ## remove what these jobs made
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
