#!/bin/sh
# Speed and memory beside their limits, in one run; see docs/benchmarks.md:
#   sh tools/bench.sh [-quick] [-million] [-only PART,PART...] [-dir FOLDER]
# With PostgreSQL's binaries on PATH a private cluster is measured too; as root it runs as the user nobody.
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED="${CGO_ENABLED:-0}"
go build -trimpath -o bin/dossier ./cmd/dossier
go build -trimpath -tags unaudited -o bin/dossier-unaudited ./cmd/dossier
go build -trimpath -o bin/bench ./tools/bench
if ! command -v initdb >/dev/null || ! command -v pg_ctl >/dev/null; then
	exec bin/bench -dossier bin/dossier -unaudited bin/dossier-unaudited "$@"
fi
dir=$(mktemp -d)
as=""
if [ "$(id -u)" = 0 ]; then
	chown nobody "$dir"
	as="setpriv --reuid nobody --clear-groups"
fi
trap '$as pg_ctl -D "$dir/data" -m fast stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
$as initdb -D "$dir/data" -U dossier -A trust -E UTF8 --locale=C >"$dir.log" 2>&1 || { cat "$dir.log"; exit 1; }
rm -f "$dir.log"
$as pg_ctl -D "$dir/data" -l "$dir/log" -w -o "-c listen_addresses='' -k $dir" start >/dev/null
bin/bench -dossier bin/dossier -unaudited bin/dossier-unaudited -postgres "postgres://dossier@/postgres?host=$dir&sslmode=disable" "$@"
