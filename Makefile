# make demo   hear the neural drum kit (first time: sets everything up)
# make test   set up and run every check
# make help   the rest
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SYSTEM := sh requirements/system.sh

.DEFAULT_GOAL := help
.PHONY: help demo setup test lint unit bench lock clean portaudio jackd
.DELETE_ON_ERROR:

help:
	@echo 'make demo    play the demo song through the neural drum kit: demo.wav, demo.png'
	@echo 'make setup   what the demo needs, without playing it'
	@echo 'make test    every check; sets up TensorFlow and a JACK server for them'
	@echo 'make lint    style and import rules only'
	@echo 'make bench   measured speeds'
	@echo 'make lock    choose the locked versions anew'
	@echo 'make clean   remove what was built; runs/ and input/ stay'
	@echo 'PYTHON=python3.12 make ...   takes another Python (3.11 or newer)'

demo: setup portaudio
	@$(BIN)/rtaudio-dl demo

setup: $(VENV)/run.done

test: lint unit

lint: $(VENV)/test.done
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

# pytest fails by itself (exit 5) where it finds no test.
# What needs a JACK server needs the processors for itself, too.
unit: $(VENV)/test.done portaudio jackd
	$(BIN)/python -m pytest --benchmark-disable -m 'not jack' -n auto --dist loadfile
	$(BIN)/python -m pytest --benchmark-disable -m jack

bench: $(VENV)/test.done portaudio
	$(BIN)/python -m pytest --benchmark-only

# A render needs no sound card and no PortAudio, so this may fail.
portaudio:
	-@$(SYSTEM) libportaudio2 || echo 'Going on without PortAudio: files, but no live sound.'

jackd:
	@$(SYSTEM) jackd2

# One stamp for each set of packages: a second run installs nothing.
$(VENV)/run.done: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo 'Installing the locked versions into $(VENV) (once; some minutes, 0.9 GB) ...'
	@$(PIP) install --quiet --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --editable .
	@touch $@

$(VENV)/test.done: requirements/test.txt pyproject.toml | $(BIN)/python
	@echo 'Installing the locked versions for the tests into $(VENV) (once; 3 GB) ...'
	@$(PIP) install --quiet --require-hashes -r requirements/test.txt
	@$(PIP) install --quiet --no-deps --editable .
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo 'There is no $(PYTHON) here. Install Python 3.11 or newer, or name one:' \
	    'PYTHON=/path/to/python3.12 make ...'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version); 3.11 or newer is needed." \
	    'Name one: PYTHON=python3.12 make ...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(SYSTEM) python3-venv
	@$(PYTHON) -m venv --clear $(VENV)

# uv finds one set of versions for every system and Python that we support.
UV = build/uv/bin/uv pip compile pyproject.toml --quiet --universal \
  --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

lock: build/uv
	$(UV) --output-file requirements/run.txt
	$(UV) --extra train --extra dev --constraint requirements/run.txt \
	  --output-file requirements/test.txt

build/uv:
	$(PYTHON) -m venv $@ && $@/bin/python -m pip --quiet install uv

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis \
	  .import_linter_cache .benchmarks demo.wav demo.png
	find rtaudio_dl lab training tests -name __pycache__ -prune -exec rm -rf {} +
