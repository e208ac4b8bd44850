#!/usr/bin/env bash
# Runs all tests. Arguments go to cargo test: packaging/test.sh -- lifecycle
#
# Some scenarios supervise programs of Debian's; they are installed where that is allowed, and the
# scenarios that miss one say so.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/need.sh redis-server:redis-server nginx:nginx-light go:golang-go nc:netcat-openbsd
exec cargo test --quiet --workspace "$@"
