#!/usr/bin/env bash
# Installs from Debian what some tests need beyond the Rust toolchain and a C compiler. Every such
# test skips itself with a message where its tool is missing, so this is never required.
set -euo pipefail
declare -A package=([ip]=iproute2 [nft]=nftables [snmpd]=snmpd [snmpbulkwalk]=snmp
    [prometheus-alertmanager]=prometheus-alertmanager [promtool]=prometheus [apprise]=apprise
    [soffice]=libreoffice-calc)
missing=()
# A module, no command: of the Python that Debian's packages are for.
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || missing+=(python3-aiosmtpd)
for tool in "${!package[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
[ "${#missing[@]}" -eq 0 ] && { echo "nothing to install"; exit 0; }
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "not installed (needs apt-get and root): ${missing[*]}; the tests that want them will skip"
    exit 0
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
