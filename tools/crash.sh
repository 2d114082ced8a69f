#!/bin/sh
# Kills the real server at random moments and at every fail-point, fills its disk and fails its system calls; prints one
# line for each test. Arguments go to the test binary: sh tools/crash.sh -kills 1000 [-seed N] [-dir FOLDER]
set -u
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
go test ./tools/crash -count=1 -timeout=120m -v -every "$@" >"$log" 2>&1
code=$?
if [ "$code" -ne 0 ]; then
	cat "$log"
else
	grep -E 'kills,|seed|skipped|^ *--- ' "$log" | sed -E 's/^ *[a-z]+_test\.go:[0-9]+: /      /'
fi
exit "$code"
