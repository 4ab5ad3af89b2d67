#!/usr/bin/env bash
# The second suite: real command-line clients against the real server.
set -euo pipefail
cd "$(dirname "$0")/../.."

node cli/build.mjs --if-needed
exec npx vitest run --config test/clients/vitest.config.ts "$@"
