#!/bin/sh
# Proves that a stock SOAP tool kit (Python's zeep) can use Dossier from its WSDLs alone.
#
#   tools/zeep.sh URL_BASE PATIENT_CX        e.g. tools/zeep.sh http://127.0.0.1:8080 'DEMO-1^^^&2.999.1.1&ISO'
#
# URL_BASE is the server without /xds/...; PATIENT_CX is a patient that the registry admits. The run stores one document and
# one folder for that patient. Exit 0: all as expected; 1: a mismatch; 2: wrong use; 3: no Python or no zeep.
# Needs python3 with venv and, once per run, a package index; everything goes to a temporary folder.
# ZEEP_PYTHON names a Python that has zeep already; then nothing is installed.
set -eu

if [ $# -ne 2 ]; then
	echo "usage: $0 URL_BASE PATIENT_CX" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
python=${ZEEP_PYTHON:-}
if [ -z "$python" ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	trap 'exit 3' INT TERM
	python3 -m venv "$dir" && "$dir/bin/pip" --quiet --disable-pip-version-check install 'zeep==4.3.*' || {
		echo "$0: want python3 with venv and the package zeep 4.3; could not set them up" >&2
		exit 3
	}
	python=$dir/bin/python
fi
"$python" "$here/zeep_client.py" "$1" "$2"
