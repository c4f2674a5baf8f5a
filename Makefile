# `make solve` and `make test` set up all they need in .venv; Python 3.11, make and g++ must be there.
PYTHON ?= python3.11
CONFIG ?= configs/mlpmixer.yaml
BIN := .venv/bin

.PHONY: help solve test test-slow lint types wheel all clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

solve: .venv/run.stamp ## map a network: CONFIG, by default the jet MLP-Mixer on a VEK280
	$(BIN)/python -m placer solve $(CONFIG)

test: .venv/dev.stamp ## run the fast tests
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: .venv/dev.stamp ## run the slow tests
	$(BIN)/python -m pytest -n 2 -m slow

lint: .venv/dev.stamp ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The packages lie in placer/, codegen/ and kernels/ and are one package when installed: mypy reads them so.
types: .venv/dev.stamp ## check types, strictly
	rm -rf build
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --target build/typecheck .
	cd build/typecheck && ../../$(BIN)/mypy --config-file ../../pyproject.toml --package placer

wheel: .venv/run.stamp ## build a wheel, install it into an empty environment and run it from an empty folder
	scripts/check_wheel.sh $(PYTHON)

all: lint types test test-slow wheel ## everything that CI runs

clean: ## remove what make made
	rm -rf .venv build dist out *.egg-info

.venv/run.stamp: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@
