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
	$(BIN)/pytest $(or $(TESTS),tests/servers) -m servers --no-cov --numprocesses=2

.PHONY: vps-test
vps-test: $(BIN)/.installed ## Boot a Debian, provision it, release and break things there; DRILLS=long: 50,000 requests (needs root, systemd-container)
	$(BIN)/pytest $(or $(TESTS),tests/vps) -m vps --no-cov --numprocesses=2 --dist=loadfile --durations=15

.PHONY: docker-test
docker-test: $(BIN)/.installed-containers ## Build the images and run them, alone and together, on a real Docker engine (needs one, with compose)
	$(BIN)/pytest $(or $(TESTS),tests/containers) -m docker --no-cov --durations=15

.PHONY: cluster-test
cluster-test: $(BIN)/.installed-cluster .dev/checkov/.installed ## Check what is there for several hosts: Kubernetes, PgBouncer, hosts that fail (needs root)
	$(BIN)/pytest $(or $(TESTS),tests/cluster) -m cluster --no-cov --numprocesses=2 --dist=loadfile --durations=15

.PHONY: docs
docs: $(BIN)/.installed-docs ## Build the documentation into .dev/site; a broken link or anchor is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.PHONY: docs-serve
docs-serve: $(BIN)/.installed-docs ## Show it at http://localhost:8003 while you write
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --strict --dev-addr 127.0.0.1:8003

.PHONY: docs-test
docs-test: $(BIN)/.installed-docs ## Follow the tutorial in a copy, from its first command to its last, and build the site
	$(BIN)/pytest tests/documentation -m docs --no-cov

.PHONY: reference
reference: $(BIN)/.installed ## Write docs/reference anew, from the code
	@$(BIN)/python -m devtools.reference

.PHONY: pipelines-test
pipelines-test: $(BIN)/.installed-pipelines .dev/audit/.installed ## Check the pipelines of GitHub and GitLab, and what they run
	$(BIN)/pytest $(or $(TESTS),tests/pipelines) -m pipelines --no-cov

.PHONY: previous-release-test
previous-release-test: $(BIN)/.installed ## Run the tests of the release before on the schema of now; SINCE=TAG: another one's
	@$(BIN)/python -m devtools.previous_release $(if $(SINCE),--since=$(SINCE)) $(TESTS)

.PHONY: removal-test
removal-test: $(BIN)/.installed ## Take each optional part out of a copy, and check what is left
	$(BIN)/pytest $(or $(TESTS),tests/removal) -m removal --no-cov --numprocesses=2

.PHONY: template-test
template-test: $(BIN)/.installed-template ## Make services of a copy, with many answers, and update them over three versions
	$(BIN)/pytest $(or $(TESTS),tests/template) -m template --no-cov --durations=10

.PHONY: story-test
story-test: $(BIN)/.installed-template ## Make a service by chance, work on it, update it, check it, release it on a Debian, examine it; SEED=7: that one
	$(BIN)/pytest tests/story -m story --no-cov

.PHONY: mutants
mutants: $(BIN)/.installed ## Plant defects in a copy, one after the other, and see that the default tests notice; DEFECTS="a b": these
	$(BIN)/python -m devtools.mutants $(DEFECTS)

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
screenshots: $(BIN)/.installed-browser ## Take pictures of the pages, into docs/images
	$(BIN)/pytest tests/browser/screenshots.py -m browser --no-cov

.PHONY: lint
lint: $(BIN)/.installed ## Check format, rules, types and the architecture contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m devtools.migrations $(SINCE)
	$(BIN)/shellcheck -x -P SCRIPTDIR $$(grep -rlE '^(#!/bin/sh|#!/(usr/)?bin/(env )?bash|# shellcheck shell=)' deploy .ci)

.PHONY: lint-migrations
lint-migrations: $(BIN)/.installed ## Check that the release before can go on with the new schema; SINCE=TAG: that one
	@$(BIN)/python -m devtools.migrations $(SINCE)

.PHONY: audit
audit: $(BIN)/.installed .dev/audit/.installed ## Look for known vulnerabilities, and list what the service is made of; exit status 3: could not ask
	@$(BIN)/python -m devtools.audit

.PHONY: preflight
preflight: $(BIN)/.installed ## Go through the production checklist: make preflight URL=https://... asks a deployment from here
	@$(BIN)/flask preflight $(if $(URL),--url $(URL)) $(PREFLIGHT)

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
	for group in $(ALONE); do $(BIN)/uv pip compile $(LOCK) --group $$group -o requirements-$$group.txt; done

EXTRAS := tracing uploads
GROUPS := bench browser cluster containers docs nginx pipelines servers template
ALONE := audit checkov
LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

.PHONY: relock
relock: $(BIN)/.installed ## Bring the pins in line with pyproject.toml, and renew nothing
	@$(BIN)/python -c 'from devtools.removal import PROJECT, relock; relock(PROJECT)'

# What was said on the command line, as NAME=value; a variable of the same name in the environment was meant for others.
said = $(foreach name,$(1),$(if $(filter command%,$(origin $(name))),'$(name)=$(subst ','\'',$(value $(name)))'))

.PHONY: new
new: $(BIN)/.installed-template ## Make a service: NAME=order-desk, DEST=../order-desk, ANSWERS="mail=no domain=..."; asks for the rest
	@$(BIN)/python -m devtools.template.new $(call said,NAME DEST ANSWERS REF SOURCE DRY_RUN)

.PHONY: rename
rename: $(BIN)/.installed ## Give this tree another name: NAME=order-desk, TITLE="Order desk", DRY_RUN=1 to look first
	@$(BIN)/python -m devtools.template $(call said,NAME TITLE FORCE DRY_RUN)

.PHONY: update
update: $(BIN)/.installed-template ## Take over a later version of the template: TO=v1.2.0, or the newest; DRY_RUN=1 to look first
	@$(BIN)/python -m devtools.update $(call said,TO ANSWERS FROM TEMPLATE DRY_RUN)

.PHONY: remove
remove: $(BIN)/.installed ## Take optional parts out of the tree: PART="NAME ...", DRY_RUN=1 to look first; without PART, list them
	@$(BIN)/python -m devtools.removal $(call said,PART FORCE DRY_RUN)

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

# Tools with many pins of their own: an environment each. What is locked is all there is, so nothing is resolved anew.
.dev/%/.installed: requirements-%.txt
	@$(PYTHON) -m venv .dev/$*
	@.dev/$*/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-$*.txt
	@touch $@
