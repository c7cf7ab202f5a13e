# memdrift. `make` alone lists the verbs. A fresh machine needs make, Python 3.11 or later and, for the real cluster,
# root; every verb sets up what it needs.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST = $(BIN)/python -m pytest -p tests.tally --junit-xml=build/test/$(1).xml -q
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --python-version 3.11 --python-platform linux --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet $(UPGRADE)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the verbs
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The environment is whole when its stamp is newer than what it was made from.
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || apt-get install --yes --no-install-recommends python3-venv
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(READY) ## make .venv from the hash-checked requirements

.PHONY: programs
programs: $(READY) ## install the servers that the tests and the demo start (as root, on Debian)
	@$(BIN)/python -c 'from tests.cluster.packages import ensure_packages; ensure_packages()'

.PHONY: format
format: $(READY) ## format the code and sort its imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --select I --fix --quiet .

.PHONY: format-check
format-check: $(READY) ## fail where `make format` would change something
	$(BIN)/ruff format --check .

.PHONY: lint
lint: $(READY) ## style and banned calls
	$(BIN)/ruff check .

.PHONY: types
types: $(READY) ## mypy, strict
	$(BIN)/mypy

.PHONY: contracts
contracts: $(READY) ## who may import whom
	$(BIN)/lint-imports --no-logo

.PHONY: crds
crds: $(READY) ## write crds/*.yaml from the models
	$(BIN)/python -m memdrift.api.crds crds

.PHONY: crds-check
crds-check: $(READY) ## fail where crds/*.yaml are not what the models generate
	$(BIN)/python -m memdrift.api.crds --check crds

.PHONY: docs
docs: $(READY) ## write the tables of README.md that stand in the code
	$(BIN)/python -m tests.readme

.PHONY: ablation
ablation: $(READY) ## write what each gate is worth beside the gates; needs ../shared/drift-corpus
	$(BIN)/python -m tests.backtest.ablation

.PHONY: bench
bench: $(READY) ## benchmarks, one JSON each under build/bench/; ARGS='detect_fleet' names some
	$(BIN)/python -m tests.bench $(ARGS)

.PHONY: check
check: format-check lint types contracts crds-check ## everything that runs no test

.PHONY: unit
unit: $(READY) ## tests without servers and cluster; ARGS='-k word' narrows them
	$(call PYTEST,unit) -m "not servers and not cluster" $(ARGS)

.PHONY: servers
servers: programs ## tests against real Prometheus and Alertmanager
	$(call PYTEST,servers) -m "servers and not cluster" $(ARGS)

.PHONY: e2e
e2e: programs ## tests on the real cluster, which they start unless it is up
	$(call PYTEST,cluster) -m cluster $(ARGS)

.PHONY: test
test: fresh-results programs check unit servers e2e ## everything, in order, with the counts at the end
	@$(BIN)/python -m tests.tally build/test unit servers cluster

.PHONY: fresh-results
fresh-results:
	@rm -rf build/test

.PHONY: demo
demo: programs ## the whole story on a real cluster; KEEP=1 leaves it running
	$(BIN)/python -m tests.e2e.demo

.PHONY: record
record: programs ## record the back-test's own series again: half an hour of real programs under load
	$(BIN)/python -m tests.recordings.record $(ARGS)

.PHONY: cluster-up
cluster-up: programs ## start the local cluster and print its kubeconfig
	@$(BIN)/python -m tests.cluster up

.PHONY: cluster-down
cluster-down: $(READY) ## take the local cluster away completely
	@$(BIN)/python -m tests.cluster down

.PHONY: image
image: programs ## build the operator's image and print where its archive lies
	@$(BIN)/python -c 'from tests.cluster.operator_image import operator_image; print(operator_image().archive)'

.PHONY: pins
pins: $(READY) ## pin the requirements anew; UPGRADE=--upgrade takes the newest versions
	$(UV_COMPILE) --output-file requirements/operator.txt
	$(UV_COMPILE) --group dev --constraint requirements/operator.txt --output-file requirements/dev.txt

.PHONY: clean
clean: ## remove what verbs made, but not .venv and not the cluster
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
