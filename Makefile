# `make demo` and `make test` do all their own set-up; a second call installs nothing.
PYTHON ?= python3
BIN := .venv/bin
# The pins hold for the packages and for what builds them, whatever version of pip this is.
PINS := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1

.PHONY: demo test test-fast clusters bench lint clean

demo: .venv/installed
	$(BIN)/gce-study run demo

test: .venv/installed-dev lint
	$(BIN)/python -m pytest

# All that starts neither Ray nor a browser nor an object store: a minute or so.
test-fast: .venv/installed-dev
	$(BIN)/python -m pytest -m "not slow"

clusters: .venv/installed-dev
	GCE_STUDY_CLUSTERS=1 $(BIN)/python -m pytest -m clusters

bench: .venv/installed-dev
	$(BIN)/python benchmarks/bench.py

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("gce-study needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing into .venv: about 2 minutes and 6 GB"
	$(PINS) $(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing into .venv: about 2 minutes and 6 GB"
	$(PINS) $(BIN)/python -m pip install --quiet --editable '.[cluster,dashboard,dev]'
	touch .venv/installed $@

clean:
	rm -rf .venv results
