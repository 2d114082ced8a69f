#!/bin/sh
# Prints how many statements the tests reached in the packages that carry the wire, the metadata and the store:
# sh tools/coverage.sh PROFILE. A statement counts when any package's test reached it.
set -eu
awk '
NR > 1 {
	file = $1
	sub(/:.*/, "", file)
	package = file
	sub(/\/[^\/]*$/, "", package)
	if (!($1 in size)) { size[$1] = $2; of[$1] = package }
	if ($3 > 0) reached[$1] = 1
}
END {
	for (block in size) {
		all[of[block]] += size[block]
		total += size[block]
		if (block in reached) { good[of[block]] += size[block]; sum += size[block] }
	}
	for (p in all) printf "coverage %5.1f%%  of %5d statements  %s\n", 100 * good[p] / all[p], all[p], p | "sort -k5"
	close("sort -k5")
	if (total > 0) printf "coverage %5.1f%%  of %5d statements  in all of these; goal 90%%\n", 100 * sum / total, total
}' "$1"
