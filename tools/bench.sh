#!/bin/sh
# Speed and memory beside their limits, in one run; see docs/benchmarks.md: sh tools/bench.sh [-quick] [-dir FOLDER]
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED="${CGO_ENABLED:-0}"
go build -trimpath -o bin/dossier ./cmd/dossier
go build -trimpath -o bin/bench ./tools/bench
exec bin/bench -dossier bin/dossier "$@"
