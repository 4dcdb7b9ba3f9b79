#!/bin/sh
# Installs PostgreSQL and Chromium where it may. Never fails: without them their tests say so and are skipped.
sh "$(dirname "$0")/../browser/install.sh"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
if [ "$sudo" = none ] || ! command -v apt-get >/dev/null 2>&1; then echo "PostgreSQL is not installed, its test will be skipped" >&2; exit 0; fi
echo "Installing PostgreSQL for the tests" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq >/dev/null 2>&1
$sudo apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1 || echo "PostgreSQL could not be installed, its test will be skipped" >&2
exit 0
