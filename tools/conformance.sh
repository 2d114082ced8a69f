#!/bin/sh
# Runs the tests by the numbers of the NIST XDS toolkit's test kit and prints one line for each number. A number is tried
# on several sites: each database, with "-strict" under strict validation, with "-apart" as repository and registry in two
# processes. A database that the machine lacks is skipped and named at the end. Arguments go to go test. Ends with 1 when a
# number fails on a site, ran on none, is missing or cannot be built.
set -u
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
go test ./cmd/dossier -count=1 -run 'TestNIST_|TestKitIsComplete' -v "$@" >"$log" 2>&1
code=$?
awk '
# === ATTR  TestNIST_11990 nist 00 reg 11990 title
$1 == "===" && $2 == "ATTR" && $4 == "nist" {
	row = $5 + 0
	title = $0
	sub(/^=== ATTR +[^ ]+ nist [0-9]+ [^ ]+ [^ ]+ /, "", title)
	test[row] = $3; actor[row] = $6; number[row] = $7; shows[row] = title
	if (row >= rows) rows = row + 1
}
# --- PASS: TestNIST_11990/sqlite (0.05s), indented; deeper names are sections
/^ *--- (PASS|FAIL|SKIP): TestNIST_/ {
	n = split($3, part, "/")
	key = part[1] "/" part[2]
	if (n == 2) {
		result[key] = $2
		if (!(part[2] in known)) { known[part[2]] = 1; site[++sites] = part[2] }
	} else if (n > 2 && $2 == "FAIL:") {
		failed[key] = failed[key] " " part[n]
	}
}
END {
	for (i = 0; i < rows; i++) {
		if (!(i in test)) continue
		good = 0; where = ""
		for (s = 1; s <= sites; s++) {
			key = test[i] "/" site[s]
			if (!(key in result)) continue
			if (result[key] == "PASS:") { good++; passed++; continue }
			if (result[key] == "SKIP:") { skipped[site[s]]++; continue }
			failures++
			where = where "\n                       " site[s] " failed" failed[key]
		}
		if (good == 0 && where == "") { where = "\n                       did not run"; failures++ }
		printf "%-8s %-9s %s  %s%s\n", actor[i], number[i], where == "" ? "pass" : "FAIL", shows[i], where
	}
	list = ""
	for (s = 1; s <= sites; s++) list = list " " site[s] (site[s] in skipped ? " (skipped " skipped[site[s]] ")" : "")
	printf "\n%d passed, %d failed; sites:%s\n", passed, failures, list
	exit (failures > 0 || passed == 0)
}' "$log" || code=1
if [ "$code" -ne 0 ]; then
	echo
	grep -v -E '^=== |^ *--- PASS' "$log"
fi
exit "$code"
