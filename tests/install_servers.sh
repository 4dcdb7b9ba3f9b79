#!/bin/sh
# Installs what the tests talk to, where it may: a real S3 server (Ceph's radosgw) and a JRE for the PDF standards check. Never fails: tests without
# their server say so and are skipped.
packages=""
command -v radosgw >/dev/null 2>&1 && command -v ceph-mon >/dev/null 2>&1 && command -v ceph-osd >/dev/null 2>&1 || packages="radosgw ceph-mon ceph-osd ceph-common"
command -v openssl >/dev/null 2>&1 || packages="$packages openssl"
command -v java >/dev/null 2>&1 || packages="$packages openjdk-17-jre-headless"
[ -z "$packages" ] && exit 0
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
if [ "$sudo" = none ] || ! command -v apt-get >/dev/null 2>&1; then echo "Not installed, their tests will be skipped: $packages" >&2; exit 0; fi
echo "Installing for the tests: $packages" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq >/dev/null 2>&1
$sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 ||
    $sudo apt-get install -y -qq --no-install-recommends $(echo "$packages" | sed s/openjdk-17-jre-headless/default-jre-headless/) >/dev/null 2>&1 ||
    echo "Could not be installed, their tests will be skipped: $packages" >&2
exit 0
