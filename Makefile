# `make demo` and `make test` do all their own set-up; a second call installs nothing.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# Every file that is fetched must have a hash that requirements/ lists, and none is built here, since pip does not check
# what a build fetches. The project itself has no hash; its build fetches nothing.
define INSTALL
@echo "installing into .venv: about 2 minutes and 6 GB"
$(PIP) --require-hashes --only-binary :all: --requirement requirements/$(1).txt
$(PIP) --no-deps --no-build-isolation --editable .
endef

# Resolves for all platforms and for Python 3.11 and later. Versions that are pinned already stay: `make pins UPGRADE=-U`
# takes the newest.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make pins" uv pip compile --quiet --universal --python-version 3.11 --no-annotate \
	pyproject.toml requirements/by-hand.in

.PHONY: demo test test-engine test-study test-others test-fast clusters bench pictures lint pins clean

demo: .venv/installed
	$(BIN)/gce-study run demo

# Three at a time: the tests of studies wait for Ray, the others compute.
test: .venv/installed-dev
	$(MAKE) --jobs=3 test-engine test-study lint test-others

test-engine: .venv/installed-dev
	$(BIN)/python -m pytest tests/study/engine

test-study: .venv/installed-dev
	$(BIN)/python -m pytest tests/study --ignore=tests/study/engine

test-others: .venv/installed-dev
	$(BIN)/python -m pytest --ignore=tests/study

# All that starts neither Ray nor a browser: about two minutes on two cores.
test-fast: .venv/installed-dev
	$(BIN)/python -m pytest -m "not slow"

clusters: .venv/installed-dev
	GCE_STUDY_CLUSTERS=1 $(BIN)/python -m pytest -m clusters

bench: .venv/installed-dev
	$(BIN)/python benchmarks/bench.py

# Runs the studies that the pictures of the README and of docs/ show: about 20 minutes on two cores.
pictures: .venv/installed-dev
	$(BIN)/python docs/pictures/make.py

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("gce-study needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml requirements/run.txt | .venv/bin/python
	$(call INSTALL,run)
	touch $@

.venv/installed-dev: pyproject.toml requirements/dev.txt | .venv/bin/python
	$(call INSTALL,dev)
	touch .venv/installed $@

# Pins every package of every extra in constraints.txt, and lists the hashes of what each use installs.
pins:
	$(COMPILE) $(UPGRADE) --all-extras --output-file constraints.txt
	$(COMPILE) --constraint constraints.txt --generate-hashes --output-file requirements/run.txt
	$(COMPILE) --constraint constraints.txt --generate-hashes --extra cluster --output-file requirements/cluster.txt
	$(COMPILE) --constraint constraints.txt --generate-hashes --all-extras --output-file requirements/dev.txt

clean:
	rm -rf .venv results
