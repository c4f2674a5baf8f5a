#!/usr/bin/env bash
# Build a wheel, install it into an empty environment, and use it from an empty folder on a configuration elsewhere.
set -euo pipefail
python=${1:-python3.11}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/.venv/bin/pip" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work/wheels" "$root"
"$python" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/requirements.txt"
"$work/env/bin/pip" install --quiet --disable-pip-version-check --no-deps "$work"/wheels/*.whl

mkdir "$work/empty"
cd "$work/empty"
placer=$work/env/bin/placer
"$placer" --version
"$placer" devices > /dev/null
"$placer" solve "$root/configs/jet_tagger.yaml" --json | tail -n 1 > answer.json
"$placer" verify out/jet_tagger/mapping.json
test -f out/jet_tagger/adf/graph.hpp
"$work/env/bin/python" -c '
import json
answer = json.load(open("answer.json"))
assert answer["status"] in {"OPTIMAL", "FEASIBLE"}, answer
print("wheel:", answer["status"], "interval", answer["interval_cycles"], "tiles", answer["tiles_used"])'
