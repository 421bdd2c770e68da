# make demo: one voice turn, end to end, on this machine.     make test: everything that is checked.
# PYTHON chooses the interpreter (3.11 or newer), VENV the folder of the environment.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
N ?= 1000000
SEED ?= 1

.PHONY: demo test test-home-assistant test-install test-image lint coverage sound-card fuzz fuzz-api vendor screenshots clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.demo
	$(BIN)/roomtone demo --text "turn on the kitchen light"

test: $(VENV)/.test sound-card lint coverage
	$(BIN)/python -m pytest

# The real Home Assistant, in a network namespace: as root, installed once (2 GB, some minutes) by the script of a kit.
ROOMTONE_TEST_HOME_ASSISTANT ?= $(abspath ../shared/home_assistant)
export ROOMTONE_TEST_HOME_ASSISTANT
HOME_ASSISTANT := $(ROOMTONE_TEST_HOME_ASSISTANT)/home_assistant.sh

test-home-assistant: $(VENV)/.test
	@if [ "$$(id -u)" = 0 ] && [ -f "$(HOME_ASSISTANT)" ]; then "$(HOME_ASSISTANT)" install; fi
	$(BIN)/python -m pytest tests/e2e/home_assistant

# Root, on Debian with buildah and debootstrap; builds both images of the Dockerfile, which takes some six minutes.
test-image: $(VENV)/.test
	$(BIN)/python -m pytest tests/e2e/image

# Root and debootstrap: boots fresh Debians in namespaces, and installs the satellite there. Some five minutes.
test-install: $(VENV)/.test
	$(BIN)/python -m pytest tests/e2e/install

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Pure, and so wholly tested by their own tests: every line, and every way through it. Being traced is slow: few examples
# of any text, and no megabytes of it; `test` has them all.
PURE := server/roomtone_server/grammar,server/roomtone_server/turn
TESTS_OF_PURE := tests/unit/test_grammar.py tests/unit/test_grammar_automaton.py tests/unit/test_grammar_needs.py \
    tests/unit/test_sentences.py tests/unit/test_arbiter.py tests/sim/test_turn_listening.py tests/sim/test_turn_scenarios.py tests/sim/test_interruption.py

coverage: $(VENV)/.test
	$(BIN)/coverage run --source=$(PURE) -m pytest -q --hypothesis-profile few -k "not megabyte" $(TESTS_OF_PURE)
	$(BIN)/coverage report --show-missing --fail-under=100

# PyAudio is compiled, against PortAudio; who has neither runs all other tests.
HEADERS := '\#include <Python.h>\n\#include <portaudio.h>\n'
INCLUDE = $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')

sound-card: $(VENV)/.test
	@if $(BIN)/python -c "import pyaudio" 2>/dev/null; then :; \
	elif printf $(HEADERS) | $(CC) -E -x c -I "$(INCLUDE)" - >/dev/null 2>&1; then \
	    echo "Installing PyAudio for the tests with a sound card ..."; \
	    $(BIN)/pip install --quiet --editable ".[pyaudio]"; \
	else \
	    echo "The tests with a sound card are skipped: PyAudio cannot be compiled here;" \
	        "on Debian: apt install gcc libc6-dev python3-dev portaudio19-dev"; \
	fi

fuzz: $(VENV)/.test
	$(BIN)/python tests/fuzz/fuzz_codec.py --n $(N) --seed $(SEED)

# More of what tests/e2e/test_api_schema.py asks the API of a real server: N valid requests of each kind, and N others.
fuzz-api: N = 200
fuzz-api: $(VENV)/.test
	ROOMTONE_FUZZ_EXAMPLES=$(N) $(BIN)/python -m pytest tests/e2e/test_api_schema.py

# The page's one library, from npm by its own client: see the script.
vendor: $(VENV)/.venv
	$(BIN)/python tools/vendor_lit.py

# Each view of the page, and the README's picture of it; with Debian's chromium. Two minutes.
SCREENSHOTS ?= screenshots

screenshots: $(VENV)/.test
	$(BIN)/python tools/screenshots.py $(SCREENSHOTS)

clean:
	rm -rf $(VENV)

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Roomtone needs Python 3.11 or newer; set PYTHON=python3.11, say."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	    || { echo "Python cannot make a virtual environment; on Debian: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.venv
	@echo "Installing Roomtone into $(VENV): about 100 MB, a minute or two ..."
	@$(BIN)/pip install --quiet --editable ".[demo]"
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.demo
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install --quiet --group test
	@touch $@
