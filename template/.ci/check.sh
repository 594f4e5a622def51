#!/bin/bash
# Template's file: updates replace it. Your own checks go into a workflow or job of your own.
#
#     .ci/check.sh
#
# checks the project as CI does, and stops at the first thing that is wrong.
set -eu
cd "$(dirname "$0")/.."
export SMOKE=strict WANDB_MODE=offline
set -x
uv sync
uv run ruff check .
uv run ruff format --check .
uv run python main.py smoke
uv run pytest
