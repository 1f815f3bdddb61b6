# Everything a reader or a maintainer runs; `make help` lists it.

# The versions of Python that the book is built and tested with. README, workflows and tests follow this line.
PYTHONS = 3.11 3.12 3.13 3.14
SUITS = import sys, venv, ensurepip; sys.exit("%d.%d" % sys.version_info[:2] not in "$(PYTHONS)".split())
PYTHON ?= $(shell for p in python3 $(addprefix python,$(PYTHONS)); do \
	$$p -c '$(SUITS)' 2>/dev/null && echo $$p && break; done)
NO_PYTHON = Needed: Python $(firstword $(PYTHONS)) to $(lastword $(PYTHONS)) with its venv module \
	(apt install python3-venv); PYTHON=... names one.
PYTHON_OLDEST ?= python3.10
PYTHON_COLAB ?= python3.12
BIN = .venv/bin
# Small tensors gain nothing from threads, and two test processes with two threads each block each other.
export OMP_NUM_THREADS ?= 1
# Where matplotlib keeps its list of fonts, and would find settings: not at home, so that neither differs.
export MPLCONFIGDIR = $(CURDIR)/.venv/matplotlib
# The tests start two hundred processes: what one has read and translated, the others find done.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install book colab pdf test test-oldest test-colab colab-versions execute bench bench-gpu paint phase \
	essentials digits deep stress lock set-repository mutants clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | awk -F': ' '{printf "make %-15s %s\n", $$1, $$2}'

book: install  ## build the book into _build/html
	@# Sphinx warns about a page only when it reads it: forget a failed build, or the next one passes.
	$(BIN)/jupyter-book build -W -n --keep-going . || { rm -rf _build/.doctrees; exit 1; }
	@$(MAKE) --no-print-directory colab
	@echo "Open file://$(CURDIR)/_build/html/index.html"

colab: install  ## write the chapters as plain notebooks, for Colab and other editors, into _build/colab
	$(BIN)/jupyter-book build -W -n --keep-going --builder custom --custom-builder colab . || { \
		rm -rf _build/.doctrees; exit 1; }
	@rm -rf _build/html/colab && mkdir -p _build/html/colab && cp _build/colab/*.ipynb _build/html/colab

pdf: book  ## print the built book into _build/benign-oscillation.pdf; needs Chromium
	$(BIN)/python -m tools.paper

test: install  ## build the book, then run every test
	@# The engines are compiled meanwhile, on the other core: once, not by each process that needs them.
	@$(COMPILE) >/dev/null 2>&1 &
	@$(MAKE) --no-print-directory book
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# In the order of the folders: the chapters, which are many and short, then fill the end.
	$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

# The kinds of the loops that more than one file of tests needs.
COMPILE = $(BIN)/python -m pytest -q -p no:cacheprovider \
	$(addprefix tests/library/,$(addprefix engine/test_,reduced_arithmetic.py engines.py reduced.py) sweeps/test_by_hand.py) \
	-k "signals_are_those or shapes_and_dtypes or plain_loop or norms_out_of_range or any_layout or sizes"

test-oldest: .venv-oldest/installed  ## test library and chapters with the oldest versions that pyproject.toml allows
	.venv-oldest/bin/python -m pytest -n 2 --dist loadscope tests/library chapters

test-colab: colab .venv-colab/installed  ## run the plain notebooks with what Colab has, tests/colab.txt, on PYTHON_COLAB
	$(BIN)/python -m pytest -n 2 tests/colab/check_chapters.py

colab-versions: install  ## renew tests/colab.txt from what Colab publishes
	$(BIN)/python -m tools.colab.versions

execute: install  ## re-run the notebooks in place; CH=02 for one chapter
	$(BIN)/python tools/execute.py $(CH)

bench: install  ## time the engines and their peers here, and store the table; ARGS="--quick" for a short try
	$(BIN)/python -m benchmarks.bench $(ARGS)

bench-gpu: install  ## time the engines for GPUs, on a machine with one, and store the table; ARGS="--quick" anywhere
	$(BIN)/python -m benchmarks.gpu $(ARGS)

paint: install  ## how soon the pages are there on a slow phone, and store the table; ARGS="index --repeat 1" for one
	$(BIN)/python -m benchmarks.first_paint $(ARGS)

phase: install  ## repeat the stored sweeps of chapter 11; ARGS="--store DIR" for one that can be interrupted
	$(BIN)/python tools/phase_diagrams.py $(ARGS)

essentials: install  ## repeat the stored runs of chapter 13; ARGS="--store DIR" for one that can be interrupted
	$(BIN)/python tools/essentials.py $(ARGS)

digits: install  ## repeat the stored runs of chapter 15; ARGS="--store DIR" for runs that can be interrupted
	$(BIN)/python tools/digits.py $(ARGS)

deep: install  ## train deep networks, as chapter 16 does; ARGS="--grid fashion-gpu --device cuda --out DIR"
	$(BIN)/python -m benign_osc_lib.deep $(ARGS)

stress: install  ## start and kill sweeps on one store at the same time; ARGS="--repeat 20" for a short try
	$(BIN)/python tools/stress_store.py $(ARGS)

mutants: install  ## break the library on purpose and see whether the chapters notice
	$(BIN)/python tools/mutants.py

LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --only-binary :all: \
	$(if $(UPGRADE),--upgrade)
lock: install  ## pin the lists of requirements; UPGRADE=1 for newer releases
	$(LOCK) --universal --fork-strategy fewest --python-version $(firstword $(PYTHONS)).0 \
		--output-file requirements.txt requirements.in
	$(LOCK) --resolution lowest-direct --python-version 3.10 \
		--output-file tests/oldest.txt pyproject.toml tests/oldest.in
	@# The builds of torch differ: one with CUDA brings its libraries, and pins them itself.
	@for list in requirements.txt tests/oldest.txt; do \
		awk '/^[a-z]/ {cuda = /^(cuda|nvidia|triton)[-=]/} {sub(/\+cpu/, "")} !cuda' $$list > $$list.tmp \
			&& mv $$list.tmp $$list || exit 1; done

set-repository: install  ## move the book's public address to URL=https://github.com/OWNER/NAME
	$(BIN)/python tools/set_repository.py "$(URL)"

clean:  ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

# The set-up. Each stamp is newer than the list it was installed from, so a second run does nothing.

install: .venv/installed node_modules/installed

$(BIN)/python:
	@"$(PYTHON)" -c '$(SUITS)' 2>/dev/null || { \
		echo >&2 "$(NO_PYTHON)"; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@# The library is on the path but not pip-installed, so that the Colab test can see it missing.
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/benign_osc_book.pth"
	@# Where the first search for fonts is slow, matplotlib says so on stderr: here, not in a chapter.
	@$(BIN)/python -c 'import matplotlib.font_manager'
	@touch $@

.venv-oldest/installed: tests/oldest.txt
	@"$(PYTHON_OLDEST)" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null || { \
		echo >&2 "Needed: Python 3.10 with its venv module; PYTHON_OLDEST=... names it."; exit 1; }
	"$(PYTHON_OLDEST)" -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check -r tests/oldest.txt
	@echo "$(CURDIR)" > .venv-oldest/lib/python3.10/site-packages/benign_osc_book.pth
	@.venv-oldest/bin/python -c 'import matplotlib.font_manager'
	@touch $@

.venv-colab/installed: tests/colab.txt
	@"$(PYTHON_COLAB)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo >&2 "Needed: the Python of tests/colab.txt with its venv module; PYTHON_COLAB=... names it."; exit 1; }
	"$(PYTHON_COLAB)" -m venv --clear .venv-colab
	.venv-colab/bin/python -m pip install --quiet --disable-pip-version-check -r tests/colab.txt
	@.venv-colab/bin/python -c 'import matplotlib.font_manager'
	@touch $@

# What the pages are made of besides Python: KaTeX and the search. Node and npm come with the requirements.
node_modules/installed: package-lock.json | .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --ignore-scripts --no-audit --no-fund --silent && touch $@
