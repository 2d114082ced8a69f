#!/bin/sh
# HAPI HL7v2, a Java stack that is not ours, as source, consumer and client of ITI-8, 9, 10, 21 and 30, in the clear and over TLS with
# client certificates: against bin/dossier, which it starts itself on free ports. Everything is built below bin/hapi.
# Exit 0: all as expected; 1: a difference, named; 3: no Java 11, no mvn, or mvn cannot get what it needs.
set -eu
dir=$(dirname "$0")/hapi
out=bin/hapi
for tool in java mvn; do
	command -v $tool >/dev/null || { echo "$0: want $tool (Java 11 or later, Maven): there is none" >&2; exit 3; }
done
rm -rf "$out/src" && mkdir -p "$out"
cp -r "$dir/pom.xml" "$dir/src" "$out/"
if ! timeout 240 mvn -q -B -f "$out/pom.xml" compile dependency:copy-dependencies >"$out/mvn.log" 2>&1; then
	if grep -q 'COMPILATION ERROR' "$out/mvn.log"; then
		cat "$out/mvn.log"
		exit 1
	fi
	echo "$0: mvn cannot get what it needs: $(grep -m1 ERROR "$out/mvn.log" | cut -c1-160)" >&2
	exit 3
fi
exec java -Xmx256m -Dfile.encoding=UTF-8 -cp "$out/target/classes:$out/target/dependency/*" Peer bin/dossier
