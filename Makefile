# Everything a developer does here, one line each. `make help` lists it.
# A fresh machine needs Python 3.11 or later and make; the rest goes into .venv/ and .dev/.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
DEV := $(BIN)/python -m devtools
SERVICE := 'flask db upgrade && exec python -m devtools.together gunicorn "flask jobs worker"'

ifneq ($(PORT),8000)
export BIND := 127.0.0.1:$(PORT)
export PUBLIC_URL := http://localhost:$(PORT)
export METRICS_BIND := 127.0.0.1:$(shell expr $(PORT) + 1)
endif
# The flask command would read .env in every environment where python-dotenv is installed.
export FLASK_SKIP_DOTENV := 1

.DEFAULT_GOAL := help
.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(BIN)/.installed ## Run the service on PostgreSQL and Valkey of its own, under the production server; Ctrl-C stops all of it
	@echo "Starting. When it listens: http://localhost:$(PORT); Ctrl-C stops all of it."
	@LOG_FORMAT=$${LOG_FORMAT:-json} exec $(DEV) sh -c $(SERVICE)

.PHONY: dev
dev: $(BIN)/.installed ## Run it with readable logs, reloading when the code changes
	@FLASK_DEBUG=1 exec $(DEV) sh -c $(SERVICE)

.PHONY: shell
shell: $(BIN)/.installed ## Open a shell in which flask, gunicorn and psql find the development database
	@PS1='(development) \w \$$ ' $(DEV) sh -c 'command -v bash >/dev/null && exec bash --norc; exec sh' || true

.PHONY: test
test: $(BIN)/.installed ## Run the tests on a real PostgreSQL and Valkey and print the coverage
	$(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

.PHONY: browser-test
browser-test: $(BIN)/.installed-browser ## Drive the pages in a real Chromium (needs one on the machine)
	$(BIN)/pytest -m browser --no-cov

.PHONY: logging-test
logging-test: $(BIN)/.installed ## Rotate and ship logs by the real logrotate and rsyslog (needs them on the machine)
	@PATH="$$PATH:/usr/sbin"; command -v rsyslogd && command -v logrotate \
	  || { echo "rsyslog or logrotate is not on this machine: apt-get install rsyslog logrotate" >&2; exit 1; }
	$(BIN)/pytest -m logging --no-cov

.PHONY: monitoring-test
monitoring-test: $(BIN)/.installed ## Check alerts and dashboards with the real Prometheus (needs it on the machine)
	$(BIN)/pytest tests/monitoring -m "" --no-cov

.PHONY: uploads-test
uploads-test: $(BIN)/.installed ## Send files to a real object store, Ceph (needs radosgw, ceph-mon, ceph-osd)
	$(BIN)/pytest tests/uploads -m uploads --no-cov

.PHONY: nginx-test
nginx-test: $(BIN)/.installed-nginx ## Run the shipped site in the real Nginx, the machine's own and mainline (needs nginx and openssl)
	@PATH="$$PATH:/usr/sbin"; command -v nginx || { echo "There is no Nginx on this machine: apt-get install nginx" >&2; exit 1; }
	$(BIN)/pytest tests/nginx -m nginx --no-cov --numprocesses=2

.PHONY: servers-test
servers-test: $(BIN)/.installed-servers ## Run the service by the real Supervisor, and in the real uWSGI, behind Nginx (needs nginx)
	@PATH="$$PATH:/usr/sbin"; command -v nginx || { echo "There is no Nginx on this machine: apt-get install nginx" >&2; exit 1; }
	$(BIN)/pytest tests/servers -m servers --no-cov --numprocesses=2

.PHONY: vps-test
vps-test: $(BIN)/.installed ## Boot a Debian, provision it, release and break things there; DRILLS=long: 50,000 requests (needs root, systemd-container)
	$(BIN)/pytest $(or $(TESTS),tests/vps) -m vps --no-cov --numprocesses=2 --dist=loadfile --durations=15

.PHONY: docker-test
docker-test: $(BIN)/.installed-containers ## Build the images and run them, alone and together, on a real Docker engine (needs one, with compose)
	$(BIN)/pytest $(or $(TESTS),tests/containers) -m docker --no-cov --durations=15

.PHONY: cluster-test
cluster-test: $(BIN)/.installed-cluster .dev/checkov/.installed ## Check what is there for several hosts: Kubernetes, PgBouncer, hosts that fail (needs root)
	$(BIN)/pytest $(or $(TESTS),tests/cluster) -m cluster --no-cov --numprocesses=2 --dist=loadfile --durations=15

.PHONY: removal-test
removal-test: $(BIN)/.installed ## Take each optional part out of a copy, and check what is left
	$(BIN)/pytest tests/removal -m removal --no-cov --numprocesses=2

.PHONY: bench
bench: $(BIN)/.installed-bench ## Measure what this stack costs beside bare Flask, in ten minutes (needs wrk and nginx)
	$(BIN)/python -m bench $(BENCH)

.PHONY: bench-workers
bench-workers: $(BIN)/.installed-bench ## Measure models of workers: sync, threads, gevent
	$(BIN)/python -m bench workers $(BENCH)

.PHONY: bench-report
bench-report: $(BIN)/.installed-bench ## Compare what a request costs now with what is stored; decides nothing
	$(BIN)/python -m bench report

.PHONY: bench-test
bench-test: $(BIN)/.installed-bench ## Run the whole benchmark once, shortly: whether it works, not how fast we are
	$(BIN)/pytest tests/bench -m "" --no-cov

.PHONY: screenshots
screenshots: $(BIN)/.installed-browser ## Take the pictures of the README
	$(BIN)/pytest tests/browser/screenshots.py -m browser --no-cov

.PHONY: lint
lint: $(BIN)/.installed ## Check format, rules, types and the architecture contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck -x -P SCRIPTDIR $$(grep -rlE '^(#!/bin/sh|#!/(usr/)?bin/(env )?bash|# shellcheck shell=)' deploy .ci)

.PHONY: format
format: $(BIN)/.installed ## Rewrite the code as lint wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: check
check: lint test ## Both of these; .ci/run has all suites

.PHONY: lock
lock: $(BIN)/.installed ## Renew the pinned requirements with their hashes
	$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	for extra in $(EXTRAS); do $(BIN)/uv pip compile $(LOCK) -c requirements.txt --extra $$extra pyproject.toml -o requirements-$$extra.txt; done
	$(BIN)/uv pip compile $(LOCK) -c requirements.txt --all-extras --group dev pyproject.toml -o requirements-dev.txt
	for group in $(GROUPS); do $(BIN)/uv pip compile $(LOCK) -c requirements-dev.txt --group $$group -o requirements-$$group.txt; done
	$(BIN)/uv pip compile $(LOCK) --group checkov -o requirements-checkov.txt

EXTRAS := tracing uploads
GROUPS := bench browser cluster containers nginx servers
LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

.PHONY: remove
remove: $(BIN)/.installed ## Take an optional part out of the tree: make remove PART=NAME; without PART, list them
	@$(BIN)/python -m devtools.remove $(PART) $(if $(FORCE),--force)

.PHONY: clean-data
clean-data: ## Remove .dev, what development has stored included
	@$(PYTHON) -m devtools.clean

.PHONY: clean
clean: clean-data ## Remove .venv and all caches too
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/.installed: requirements-dev.txt
	@echo "Installing into .venv (once, a minute or so)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { echo "No .venv: is this folder writable? Debian's Python also needs: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(BIN)/.installed-%: $(BIN)/.installed requirements-%.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-$*.txt
	@touch $@

.dev/checkov/.installed: requirements-checkov.txt
	@$(PYTHON) -m venv .dev/checkov
	@.dev/checkov/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-checkov.txt
	@touch $@
