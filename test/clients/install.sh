#!/usr/bin/env bash
# Installs the real clients and the servers the tests compare with, where they are missing and this is
# a Debian run as root; otherwise says in one line what will be skipped.
set -euo pipefail

bin=/usr/lib/postgresql/15/bin
if [ -x "$bin/postgres" ] && [ -x "$bin/psql" ] && [ -x "$bin/pgbench" ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "PostgreSQL 15 and its clients are not installed: suites that need them are skipped"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# Keeps the package from starting a cluster of its own.
mkdir -p /etc/postgresql-common
grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf ||
  echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-15 postgresql-client-15; }; then
  echo "PostgreSQL 15 could not be installed: suites that need it are skipped"
fi
