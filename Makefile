# The verbs of the project. `make` alone lists them.
.DEFAULT_GOAL := help

GO ?= go
ARGS ?=

# The tools are pinned in modules of their own and built on first use.
WORKFLOWCHECK := $(GO) tool -modfile=tools/go.mod workflowcheck
LINT := $(GO) tool -modfile=tools/lint/go.mod golangci-lint
LINT_STANDALONE := $(GO) tool -modfile=../tools/lint/go.mod golangci-lint

.PHONY: help
help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## Temporal, its UI, simulators and worker in one process; one journey of each kind; stays up until Ctrl-C (ARGS="--help")
	@exec bin/standalone run $(ARGS)

.PHONY: demo
demo: standalone ## The same, then exit 0 if and only if every journey ended as expected
	@exec bin/standalone demo $(ARGS)

.PHONY: build
build: standalone ## All programs into bin/
	$(GO) build -o bin/worker ./worker
	$(GO) build -o bin/starter ./starter
	$(GO) build -o bin/codecserver ./codecserver
	$(GO) build -o bin/gateway ./gateway
	$(GO) build -o bin/simulator ./simulator/cmd

.PHONY: standalone
standalone:
	@if [ ! -x bin/standalone ]; then echo "Building bin/standalone. The first time this compiles a whole Temporal server: five to ten minutes, once."; fi
	@cd standalone && $(GO) build -o ../bin/standalone .

.PHONY: test
test: bin/versitygw tools/web/node_modules ## Every test, the end-to-end ones on the embedded server included
	$(GO) test ./...
	cd standalone && $(GO) test -timeout 30m ./...

# The S3-compatible server that tests start. Without it they are skipped.
bin/versitygw: tools/s3/go.mod
	@echo "Building bin/versitygw for the tests of sealed storage (about a minute, once)"
	@cd tools/s3 && $(GO) build -o ../../bin/versitygw github.com/versity/versitygw/cmd/versitygw && touch ../../bin/versitygw

# What tests need from npm: a generator of clients in TypeScript, among others.
# Without it they are skipped. Nobody but tests needs it.
tools/web/node_modules: tools/web/package.json tools/web/package-lock.json
	@if ! command -v npm >/dev/null; then echo "Node.js and npm are not installed: the tests that need them are skipped"; \
	else echo "Installing npm packages into tools/web/node_modules for the tests (seconds, once)"; \
	cd tools/web && { npm ci --silent && touch node_modules || echo "npm ci failed: the tests that need it are skipped"; }; fi

.PHONY: race
race: bin/versitygw ## The tests of the root module under the race detector (needs a C compiler)
	$(GO) test -race ./...

.PHONY: contract
contract: ## Ask the providers' real sandboxes what the wire contracts leave open; skips those without keys
	$(GO) test -tags contract -run '^TestContract' -count 1 -v ./providers/...

.PHONY: bench
bench: ## Measure the journeys against baselines and print a table: nine minutes (BENCH_JSON=file; BENCH=full for the whole scale, BENCH=quick)
	@echo "Building bin/bench (the first time this compiles a whole Temporal server)"
	@cd standalone && $(GO) build -o ../bin/bench ./bench
	@exec bin/bench --scale '$(or $(BENCH),default)' $(if $(BENCH_JSON),--json '$(BENCH_JSON)')

.PHONY: chaos
chaos: ## The fault campaign: kill, cut and lose, then check that nothing happened twice and nothing was lost (SEED=, DURATION=2m, JOURNEYS=600, ARGS="--help")
	@echo "Building bin/chaos (the first time this compiles a whole Temporal server)"
	@cd standalone && $(GO) build -o ../bin/chaos ./chaos
	@exec bin/chaos $(if $(SEED),--seed '$(SEED)') --duration '$(or $(DURATION),2m)' --journeys '$(or $(JOURNEYS),600)' $(ARGS)

.PHONY: check
check: format lint vet workflowcheck tidy ## Formatting, lint with the boundaries, vet, workflowcheck, tidy modules

.PHONY: format
format:
	@echo "format"
	@$(LINT) fmt --diff

.PHONY: lint
lint:
	@echo "lint (the first time this builds the linter: some minutes, once)"
	@$(LINT) run --allow-parallel-runners --build-tags contract ./...
	@echo "lint standalone"
	@cd standalone && $(LINT_STANDALONE) run --allow-parallel-runners ./...

.PHONY: vet
vet:
	@echo "vet"
	@$(GO) vet ./... && $(GO) vet -tags contract ./providers/...
	@cd standalone && $(GO) vet ./...

.PHONY: workflowcheck
workflowcheck:
	@echo "workflowcheck"
	@$(WORKFLOWCHECK) ./workflows/...

.PHONY: tidy
tidy:
	@for module in . standalone tools tools/lint tools/s3; do echo "tidy $$module"; (cd $$module && $(GO) mod tidy -diff) || exit 1; done

.PHONY: record
record: ## Record the replay fixtures anew, from the commit that is deployed
	cd standalone && $(GO) run ./record ../workflows/testdata/replay

.PHONY: fmt
fmt: ## Format every file
	@$(LINT) fmt
