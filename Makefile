# Copydesk. `make` alone lists what there is.
# Needs Python 3.11 or later and make; all else is installed into .venv from lock files.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PORT     ?= 5000#     where to serve, on this machine only
DATA_DIR ?= var#      where everything is kept between starts
WORKERS  ?= logical#  how many tests run at once
export PORT DATA_DIR
# Where Python may not keep what it compiled beside the sources, every process would compile all modules anew: it is kept
# out of the checkout's folders then, as `copydesk desk` does.
ifdef PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(abspath $(DATA_DIR))/cache/python
export PYTHONDONTWRITEBYTECODE :=
endif

BIN    := .venv/bin
CONFIG := --config services/web/pyproject.toml
ifndef PYTHON
PYTHON := $(shell for p in .venv/bin/python python3.11 python3.12 python3.13 python3 python python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
endif
SETUP   = $(if $(PYTHON),$(PYTHON) services/web/copydesk/local/bootstrap.py,$(error \
	Copydesk needs Python 3.11 or later, and none was found. Install it, or name it: make $@ PYTHON=/path/to/python3.12))
SECTION = @printf '\n== %s\n'

.NOTPARALLEL:
.PHONY: readme pictures help run test lint types imports frontend-test audit format bench lock clean

help: ## This list
	@echo 'Copydesk: make run, then open http://127.0.0.1:5000'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'
	@echo
	@echo 'Variables, as in PORT=5001 make run:'
	@sed -n 's/^\([A-Z_]*\) *?= \([^ ]*\)# *\(.*\)/  \1|\3 (\2)/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

run: ## The whole desk on this machine; Ctrl-C stops all of it
	@$(SETUP) local
	@exec $(BIN)/copydesk desk

# The tests come last, so that their own summary is the last line.
ifdef T
test: ## Every check and every test; T="tests/unit -k word" for some tests alone
	@$(SETUP) dev
	@exec $(BIN)/pytest $(T)
else
test: lint types imports frontend-test
	$(SECTION) 'Tests'
	@exec $(BIN)/pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile
endif

lint: ## Style of Python code and templates
	@$(SETUP) dev
	$(SECTION) 'Style'
	@$(BIN)/ruff check $(CONFIG) services/web tests bench
	@$(BIN)/ruff format $(CONFIG) --check services/web tests bench
	@$(BIN)/djlint --configuration services/web/pyproject.toml --quiet --check --lint services/web/copydesk
	@$(BIN)/bandit --quiet -ll --recursive services/web/copydesk --configfile services/web/pyproject.toml

types: ## Types of our own code
	@$(SETUP) dev
	$(SECTION) 'Types'
	@cd services/web && ../../$(BIN)/mypy

imports: ## Which room may import which
	@$(SETUP) dev
	$(SECTION) 'Imports'
	@cd services/web && ../../$(BIN)/lint-imports

frontend-test: ## Types and tests of the front end
	@$(SETUP) dev
	$(SECTION) 'Front end'
	@cd services/web/frontend && PATH="$(CURDIR)/$(BIN):$$PATH" && npm run --silent check && npm test --silent

audit: ## Known holes in what is locked, by the lists of PyPI and npm; needs the network
	@$(SETUP) dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python services/web/requirements/audit.py

format: ## Put Python code and templates into shape
	@$(SETUP) dev
	@$(BIN)/ruff check $(CONFIG) --fix-only services/web tests
	@$(BIN)/ruff format $(CONFIG) services/web tests
	@$(BIN)/djlint --configuration services/web/pyproject.toml --quiet --reformat services/web/copydesk || true

bench: ## Side-by-side tables; writes bench/results.json
	@$(SETUP) dev
	@exec $(BIN)/python -m bench

readme: ## The README's diagram and table, drawn from the transitions
	@$(SETUP) dev
	@$(BIN)/python -m copydesk.documents.diagram README.md

pictures: ## The pictures of the help page and of the docs, shot anew; needs Chromium
	@$(SETUP) dev
	@$(BIN)/python -m tests.pictures

lock: ## Write the lock files anew from requirements/*.in
	@$(SETUP) dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" services/web/requirements/compile.sh --upgrade

clean: ## Remove everything that was installed or built; the data in var stays
	rm -rf .venv services/web/frontend/node_modules services/web/copydesk/web/static/dist services/web/*.egg-info
	rm -rf .pytest_cache .mypy_cache services/web/.mypy_cache .ruff_cache .import_linter_cache
