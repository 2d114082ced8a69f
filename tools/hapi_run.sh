#!/bin/sh
# HAPI HL7v2 (Java, from Maven Central) as source, consumer and client of ITI-8, 9, 10, 21 and 30; needs Java 11 and mvn.
set -eu
dir=$(dirname "$0")/hapi
for tool in java mvn; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
out=${HAPI_OUT:-$(pwd)/bin/hapi}
mkdir -p "$out"
cp -r "$dir/pom.xml" "$dir/src" "$out/"
if ! mvn -q -B -f "$out/pom.xml" compile dependency:copy-dependencies >"$out/mvn.log" 2>&1; then
	grep -q 'COMPILATION ERROR' "$out/mvn.log" && { cat "$out/mvn.log"; exit 1; }
	echo "skipped: mvn cannot get what it needs: $(grep -m1 '^\[ERROR\]' "$out/mvn.log" | cut -c1-200)"
	exit 0
fi
exec java -Xmx256m -Dfile.encoding=UTF-8 -cp "$out/target/classes:$out/target/dependency/*" Peer bin/dossier
