# Everything a reader or a maintainer runs; `make help` lists it.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
NEW_ENOUGH = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
NO_PYTHON = Needed: Python 3.11 or newer with its venv module (apt install python3-venv); PYTHON=... names one.
BIN = .venv/bin
# Small tensors gain nothing from threads, and two test processes with two threads each block each other.
export OMP_NUM_THREADS ?= 1

.PHONY: help install book test execute bench phase stress lock set-repository mutants clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | awk -F': ' '{printf "make %-15s %s\n", $$1, $$2}'

book: install  ## build the book into _build/html
	@# Sphinx warns about a page only when it reads it: forget a failed build, or the next one passes.
	$(BIN)/jupyter-book build -W -n --keep-going . || { rm -rf _build/.doctrees; exit 1; }
	@echo "Open file://$(CURDIR)/_build/html/index.html"

test: book tests/browser/node_modules/installed  ## build the book, then run every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadscope

execute: install  ## re-run the notebooks in place; CH=02 for one chapter
	$(BIN)/python tools/execute.py $(CH)

bench: install  ## time the engines and their peers here, and store the table; ARGS="--quick" for a short try
	$(BIN)/python -m benchmarks.bench $(ARGS)

phase: install  ## repeat the stored sweeps of chapter 11; ARGS="--store DIR" for one that can be interrupted
	$(BIN)/python tools/phase_diagrams.py $(ARGS)

stress: install  ## start and kill sweeps on one store at the same time; ARGS="--repeat 20" for a short try
	$(BIN)/python tools/stress_store.py $(ARGS)

mutants: install  ## break the library on purpose and see whether the chapters notice
	$(BIN)/python tools/mutants.py

lock: install  ## pin requirements.in into requirements.txt; UPGRADE=1 for newer releases
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade) requirements.in
	@# torch==2.13.0+cpu names one machine's build; without the suffix the pin installs anywhere.
	sed 's/^\(torch==[0-9.]*\)+.*/\1/' requirements.txt > requirements.tmp && mv requirements.tmp requirements.txt

set-repository: install  ## move the book's public address to URL=https://github.com/OWNER/NAME
	$(BIN)/python tools/set_repository.py "$(URL)"

clean:  ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

# The set-up. Each stamp is newer than the list it was installed from, so a second run does nothing.

install: .venv/installed

$(BIN)/python:
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo >&2 "$(NO_PYTHON)"; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@# The library is on the path but not pip-installed, so that the Colab test can see it missing.
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/benign_osc_book.pth"
	@touch $@

# The CDN files that the browser tests serve. The book and the other tests do without.
tests/browser/node_modules/installed: tests/browser/package-lock.json
	@cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules/installed \
		|| echo "npm is missing or failed: the browser tests will be skipped"
