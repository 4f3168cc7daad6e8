# Two commands matter: `make run` and `make test`. Both set up what they need on a machine with Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run up down test check format bench chaos lock clean

help: ## say what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $(READY)

setup: $(READY) ## make the virtual environment with pinned, hashed dependencies

run: $(READY) ## start everything and stream the example company's month through it
	$(BIN)/stagewire demo

up: $(READY) ## start the broker and all services
	$(BIN)/stagewire up

down: $(READY) ## stop them
	$(BIN)/stagewire down

test: check ## types, style and all tests, real Kafka included
	$(BIN)/pytest

check: $(READY) ## types and style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## compare deal_stream with its peers, in one run
	$(BIN)/python -m bench all

chaos: $(READY) ## ten minutes of kills, pauses and restarts of all services, then compare with the model
	$(BIN)/python -m tests.chaos --stack --minutes 10 --faults 66 --rate 120 --other-commit HEAD~1

lock: ## renew the pinned dependencies
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --all-extras --group dev pyproject.toml -o requirements.lock

clean: ## remove what setup and runs have made here
	rm -rf $(VENV) .stagewire
