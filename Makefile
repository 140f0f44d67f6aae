# Written for GNU make 3.81 as well, which is what macOS has.
.DEFAULT_GOAL := help
.PHONY: help run test check openapi schema lint-openapi clients fuzz bench

# Sourced, because it may extend the environment; exec, so that Ctrl-C goes straight to the program.
SETUP = . ./scripts/setup.sh
CONUM = exec cargo run --locked --quiet --

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: ## start the service with its own database and demo data
	@$(SETUP) && cargo build --locked && $(CONUM) dev $(ARGS)

test: ## run all tests, on a database of their own
	@$(SETUP) && exec cargo test --locked $(ARGS)

check: ## everything that CI runs: format, lints, tests
	@$(SETUP) && cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings
	@$(MAKE) --no-print-directory test

openapi: ## write the OpenAPI documents anew from the code
	@$(SETUP) && $(CONUM) openapi --write openapi

schema: ## write the Rust schema anew from the migrations
	@$(SETUP) && $(CONUM) schema --write src/platform/db/schema.rs

# The older form is derived, and not kept.
lint-openapi clients: openapi

lint-openapi: ## check the OpenAPI documents with the usual linters
	@$(SETUP) && exec ./scripts/lint-openapi.sh $(ARGS)

clients: ## generate clients from the OpenAPI document and compile them
	@$(SETUP) && exec ./scripts/clients.sh $(ARGS)

fuzz: ## throw generated requests at a running service
	@$(SETUP) && exec ./scripts/fuzz.sh $(ARGS)

bench: ## measure throughput, latency, the matching, the nightly pull and the dashboards
	@$(SETUP) && ./bench/run.sh $(ARGS) && ./bench/matching.sh && ./bench/pull.sh && ./bench/dashboard.sh && exec ./bench/flatness.sh
