#!/bin/sh
# Starts a server of its own on free ports with a throw-away data folder and runs tools/zeep.sh against it.
set -eu
dir=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
: >"$dir/out" # it is read before the server has opened it
bin/dossier serve --data "$dir/data" --http 127.0.0.1:0 --mllp 127.0.0.1:0 --admin 127.0.0.1:0 >"$dir/out" 2>"$dir/log" &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	url=$(sed -n 's/.*POST \(http:[^ ]*\)\/xds\/repository.*/\1/p' "$dir/out")
	[ -n "$url" ] && break
	sleep 0.5
done
[ -n "$url" ] || { cat "$dir/log"; exit 1; }
sh "$(dirname "$0")/zeep.sh" "$url" 'DEMO-1^^^&2.999.1.1&ISO'
