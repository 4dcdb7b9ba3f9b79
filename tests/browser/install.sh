#!/bin/sh
# Installs Chromium where it may. Never fails: without it its tests say so and are skipped.
for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null 2>&1 && exit 0; done
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
if [ "$sudo" = none ] || ! command -v apt-get >/dev/null 2>&1; then echo "Chromium is not installed, its tests will be skipped" >&2; exit 0; fi
echo "Installing Chromium for the tests" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq >/dev/null 2>&1
$sudo apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1 || echo "Chromium could not be installed, its tests will be skipped" >&2
exit 0
