#!/usr/bin/env bash
# venv.sh NAME REQUIREMENTS: installs pinned Python packages into .data/venvs/NAME, if they are not
# there already, and prints the folder of its programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=.data/venvs/$1
requirements=$2

stop() {
    echo "venv: $1" >&2
    exit 1
}

if ! cmp -s "$requirements" "$folder/installed.txt"; then
    command -v python3 >/dev/null || stop "Python 3.10 or newer is missing"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || stop "$(python3 --version) is too old: 3.10 or newer"
    rm -rf "$folder"
    mkdir -p "${folder%/*}"
    python3 -m venv "$folder" || stop "Python has no venv module. On Debian: apt-get install -y python3-venv"
    echo "venv: installing $requirements" >&2
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    cp "$requirements" "$folder/installed.txt"
fi
echo "$PWD/$folder/bin"
