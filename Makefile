# The commands of Avow. They need Python 3.11 or newer and make; the rest is installed into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-full check bench generate format screenshots programs

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile
# pytest's own options, for example: make test ARGS="tests/server -k refresh"
ARGS ?=

help:
	@echo "make run          start Avow and the Django example on http://localhost:8001, everything in .avow/"
	@echo "make test         all tests, with reduced counts"
	@echo "make test-full    all tests, with the stated counts"
	@echo "make check        format, lint, types, imports, generated files; no tests"
	@echo "make bench        speed beside the peers, as ratios"
	@echo "make generate     write the generated files anew"
	@echo "make format       format the code and repair what ruff can"
	@echo "make screenshots  take the pictures of docs/screenshots anew"

.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Avow needs Python 3.11 or newer; none is on PATH. Set PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# The server and Django; nothing to do where the development set is in place already.
.venv/.run: pyproject.toml | .venv/pyvenv.cfg
	@if [ .venv/.dev -nt pyproject.toml ]; then touch $@; else \
		echo "Installing Avow into .venv ..."; $(PIP) -e '.[server,django]'; touch $@; fi

.venv/.dev: pyproject.toml | .venv/pyvenv.cfg
	@echo "Installing Avow and its tools into .venv ..."
	@$(PIP) -e '.[dev]'
	@touch $@

run: .venv/.run
	@exec $(PY) -m examples.django --data .avow

programs: .venv/.dev
	@$(PY) scripts/check_programs.py

test: programs
	$(PY) -m pytest -n 2 --dist worksteal $(ARGS)
	$(PY) scripts/check_pythons.py

test-full: export AVOW_TEST_FULL := 1
# What measures times or shares at the stated counts needs the machine for itself. Exit 5: ARGS left nothing to run.
# Each part runs, whatever the one before it found: the whole takes two hours.
test-full: programs
	@code=0; \
	$(PY) -m pytest -n 2 --dist worksteal -m "not alone" $(ARGS) || [ $$? = 5 ] || code=1; \
	$(PY) -m pytest -m alone $(ARGS) || [ $$? = 5 ] || code=1; \
	$(PY) scripts/check_pythons.py || code=1; \
	exit $$code

check: .venv/.dev
	@$(PY) scripts/check_all.py

bench: .venv/.dev
	$(PY) -m bench $(ARGS)

generate: .venv/.dev
	$(PY) scripts/generate.py

format: .venv/.dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

screenshots: programs
	$(PY) scripts/screenshots.py
	$(PY) scripts/screenshots.py --screens
