# The usual tasks. Each works from a clean clone; `make demo` is the place to start.
GO       ?= go
FUZZTIME ?= 30s
FULL     ?=
SAVE     ?=
STRICT   ?=
VERSION  := $(shell git describe --tags --dirty 2>/dev/null || git describe --always --dirty 2>/dev/null | sed 's/^/devel-/')
PACKAGE  := github.com/denylens/denylens/cmd/denylens/internal/cli

# A pipe fails if its first part does: go test's own exit code counts too.
SHELL       := /bin/bash
.SHELLFLAGS := -o pipefail -c
SUMMARY     := awk -f .ci/summary.awk

.PHONY: setup demo build check test e2e fuzz bench profile score golden

setup: ## fetch modules and tools
	$(GO) mod download
	$(GO) mod verify

build: ## the program, at ./denylens
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w$(if $(VERSION), -X $(PACKAGE).release=$(VERSION))" -o denylens ./cmd/denylens

demo: build ## a simulated day on which a deployment locks visitors out, and what denylens makes of it
	@mkdir -p bin
	./denylens simulate htaccess --seed 3 --truth bin/demo.truth.json > bin/demo.log
	./denylens scan bin/demo.log
	@echo; echo "The log is bin/demo.log, what really happened is in bin/demo.truth.json."

test: ## unit tests, stories and golden files
	@$(GO) test -json -pgo=off ./... | $(SUMMARY)

check: ## what must hold before a change goes in: format, vet, staticcheck, races, a moment of fuzzing
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt:" $$bad; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags e2e ./cmd/denylens/...
	$(GO) tool staticcheck ./...
	@$(GO) test -json -pgo=off -race -short ./... | $(SUMMARY)
	@$(MAKE) --no-print-directory fuzz FUZZTIME=2000x

e2e: build ## the built program against real nginx and Apache, bad inputs and real logs
	@$(GO) test -json -pgo=off -tags e2e -count=1 -timeout 20m -run '^TestE2E' ./cmd/denylens | $(SUMMARY)

fuzz: ## every fuzz target for FUZZTIME, which is a time or, as in 2000x, a number of inputs
	@git grep -oE '^func Fuzz\w+' -- '*_test.go' | sed 's|/[^/]*:func | |' | while read -r dir target; do \
	  echo "fuzz $$dir $$target"; \
	  $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x -parallel 2 "./$$dir" </dev/null || exit 1; \
	done

bench: build ## speed beside mawk, GoAccess, gzip and zstd; SIZE_MB=300, RUNS=3, ATTACK=900000 lines of strangers, WATCH=10 alerts, SAVE=1 archives it in testdata/bench, STRICT=1 fails if a goal is missed
	SAVE=$(SAVE) $(GO) run ./cmd/denylens/internal/bench -denylens ./denylens $(if $(STRICT),-strict)

profile: ## remake default.pgo, which builds optimise by, from whole runs on this machine
	$(GO) test -trimpath -run '^$$' -bench '^BenchmarkScan$$' -benchtime 5x -cpuprofile cpu.tmp -o cli.test.tmp ./cmd/denylens/internal/cli
	$(GO) tool pprof -proto -output cmd/denylens/default.pgo cli.test.tmp cpu.tmp
	rm -f cpu.tmp cli.test.tmp

score: ## how well incidents are found; FULL=1 measures more, SAVE=1 archives it in testdata/score, CLEAN=3 measures false incidents on three busy days
	$(GO) run ./cmd/denylens/internal/score $(if $(FULL),-full) $(if $(SAVE),-save testdata/score) $(if $(EPISODES),-episodes $(EPISODES)) $(if $(CLEAN),-clean $(CLEAN)) $(if $(VERBOSE),-v)

golden: ## rewrite golden files from what the program says now; read the difference before you commit it
	@set -e; for d in $$(git grep -lE 'flag\.Bool\("update"' -- '*_test.go' | xargs -n1 dirname | sort -u); do $(GO) test -count=1 ./$$d -update; done
