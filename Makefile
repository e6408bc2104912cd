# Everything starts here. `make` alone lists the commands; each makes what it needs.
# The virtual environment is made with uv where uv is installed, else with plain Python.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
export DAGSTER_DISABLE_TELEMETRY := yes

.DEFAULT_GOAL := help
.PHONY: help setup run dev forecast inventory teardown test test-all lint format bench bench-quality bench-scale prove-engine prove-operations prove-aws test-aws bootstrap doctor api lock docs clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment (the other commands do it when needed)

$(STAMP): pyproject.toml requirements.lock
	@echo "Installing into $(VENV) (once, a few minutes without a package cache) ..."
	@if command -v uv >/dev/null 2>&1; then \
		uv venv -q --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install -q --python $(BIN)/python -r requirements.lock && \
		uv pip install -q --python $(BIN)/python --no-deps -e . ; \
	else \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version.split()[0] + "; choose one with make PYTHON=/path/to/python3")' && \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e . ; \
	fi
	@touch $@

run: $(STAMP) ## run the main job on the embedded engine (ARGS="--data PATH" for other data)
	@$(BIN)/personalize-assets run $(ARGS)

forecast: $(STAMP) ## show what a run would cost on AWS
	@$(BIN)/personalize-assets forecast $(ARGS)

inventory: $(STAMP) ## show what exists and what it costs a day
	@$(BIN)/personalize-assets inventory $(ARGS)

teardown: $(STAMP) ## delete what the project made in Amazon Personalize (ARGS=--dry-run lists it)
	@$(BIN)/personalize-assets teardown $(ARGS)

dev: $(STAMP) ## open the Dagster UI
	@$(BIN)/personalize-assets dev $(ARGS)

api: $(STAMP) ## serve page and API of recommendations (ARGS="--port 8080")
	@$(BIN)/personalize-assets api $(ARGS)

bootstrap: $(STAMP) ## make in an AWS account what the pipeline needs (ARGS=--dry-run shows it)
	@$(BIN)/personalize-assets bootstrap $(ARGS)

doctor: $(STAMP) ## check account or machine before the first paid call
	@$(BIN)/personalize-assets doctor $(ARGS)

test: $(STAMP) ## run the tests
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

test-all: $(STAMP) ## run all tests, the slow ones too
	@$(BIN)/python -m pytest -n 2 -m 'not aws' $(ARGS)

lint: $(STAMP) ## check format, rules, types, directions and dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/cfn-lint deploy/cloudformation.yaml
	@$(BIN)/deptry .

format: $(STAMP) ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## measure cleaning, transform, serving, transfers and the API against a peer in the same run
	@$(BIN)/python -m personalize_assets_tests.benchmarks.bench_cleaning $(ARGS)
	@$(BIN)/python -m personalize_assets_tests.benchmarks.bench_batch_format $(ARGS)
	@$(BIN)/python -m personalize_assets_tests.benchmarks.bench_serving $(ARGS)
	@$(BIN)/python -m personalize_assets_tests.benchmarks.bench_transfers $(ARGS)
	@$(BIN)/python -m personalize_assets_tests.benchmarks.bench_api $(ARGS)

bench-quality: $(STAMP) ## measure the recipes beside the usual libraries (ARGS="--folds 3" is quicker)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m personalize_assets_tests.benchmarks.bench_quality $(ARGS)

bench-scale: $(STAMP) ## train and answer at 25 million rows beside the usual libraries (ARGS="--rows N --growth")
	@$(BIN)/python -m personalize_assets_tests.benchmarks.bench_scale $(ARGS)

prove-engine: $(STAMP) ## prove the engine: kills at every write, 100,000 steps, fuzzing, load
	@$(BIN)/python -m personalize_assets_tests.prove_engine $(ARGS)

prove-operations: $(STAMP) ## prove the pipeline: kills at every request, faults, sensors, teardown
	@$(BIN)/python -m personalize_assets_tests.prove_operations $(ARGS)

docs: $(STAMP) ## write the generated tables of README.md
	@$(BIN)/python -m personalize_assets_tests.readme --write

prove-aws: $(STAMP) ## rehearse the road to AWS without an account (ARGS="--spark PYTHON" for Spark too)
	@$(BIN)/python -m personalize_assets_tests.prove_aws $(ARGS)

test-aws: $(STAMP) ## run the workflow in a real account, within a budget (ARGS=--help says how)
	@$(BIN)/python -m personalize_assets_tests.account $(ARGS)

lock: ## resolve the dependencies anew into requirements.lock (needs uv)
	uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-annotate --extra dev \
		--custom-compile-command "make lock" -o requirements.lock pyproject.toml

clean: ## stop the local stack and delete its state, environment and caches
	@if [ -x $(BIN)/personalize-local ]; then $(BIN)/personalize-local stop; fi
	@rm -rf .personalize $(VENV) .pytest_cache .ruff_cache
