#!/usr/bin/env bash
# Installs the real clients and the servers the tests compare with, where they are missing and this is
# a Debian run as root; otherwise says in one line what will be skipped.
set -euo pipefail

bin=/usr/lib/postgresql/15/bin
packages=()
[ -x "$bin/postgres" ] && [ -x "$bin/psql" ] && [ -x "$bin/pgbench" ] || packages+=(postgresql-15 postgresql-client-15)
[ -x /usr/sbin/mariadbd ] && [ -x /usr/bin/mysql ] || packages+=(mariadb-server mariadb-client)
[ "${#packages[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed: ${packages[*]}; suites that need them are skipped"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# Keep the packages from starting servers of their own.
mkdir -p /etc/postgresql-common
grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf ||
  echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; }; then
  echo "could not be installed: ${packages[*]}; suites that need them are skipped"
fi
