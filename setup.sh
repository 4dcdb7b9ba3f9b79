#!/bin/sh
# Sets up .venv from a lock file: setup.sh PYTHON REQUIREMENTS. Installs what the machine lacks (Pango, python3-venv) where it may.
set -eu
python=$1 requirements=$2

say() { echo "$*" >&2; }

missing=""
if ! command -v "$python" >/dev/null 2>&1; then missing="python3 python3-venv"
elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then missing="python3-venv"; fi
if command -v ldconfig >/dev/null 2>&1 || [ -x /sbin/ldconfig ]; then
    libraries=$(PATH="$PATH:/sbin" ldconfig -p)
    case $libraries in *libpango-1.0.so.0*) ;; *) missing="$missing libpango-1.0-0 libpangoft2-1.0-0" ;; esac
    case $libraries in *libpangoft2-1.0.so.0*) ;; *) missing="$missing libpangoft2-1.0-0" ;; esac
    case $libraries in *libharfbuzz-subset.so.0*) ;; *) missing="$missing libharfbuzz-subset0" ;; esac
fi
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
    if [ "$sudo" = none ] || ! command -v apt-get >/dev/null 2>&1; then
        say "These system packages are missing: $missing. Install them (Debian, Ubuntu: apt-get install $missing) and run make again."; exit 1
    fi
    say "Installing system packages: $missing"
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get update -qq >/dev/null && $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
        { say "apt-get could not install: $missing. Is there a network?"; exit 1; }
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { say "Python 3.11 or newer is needed; $python is $("$python" -V 2>&1). Name a newer one: make PYTHON=python3.12 …"; exit 1; }

[ -x .venv/bin/python ] || "$python" -m venv .venv
# the lock names everything, so nothing is left to resolve
say "Installing the Python packages of $requirements (a few minutes the first time) …"
.venv/bin/python -m pip install --quiet --no-deps --require-hashes -r "$requirements" ||
    { say "The packages of $requirements could not be installed. Is there a network?"; exit 1; }
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e . 2>/dev/null ||
    { say "The project could not be installed into .venv."; exit 1; }
