#!/bin/bash
# Template's file: updates replace it. Your lines, such as `module load cuda`, go into environment.sh.
#
#     cluster/start.sh NAME [words of main.py]
#
# starts a run, or goes on with it. What a machine starts again (EXPERIMENT_AGAIN, a requeued job, a
# restart by torchrun) goes on with the code and the configuration that the run was started with,
# whatever has been edited since.
set -eu
cd "$(dirname "$0")/.."
name=${1:?give the run a name: cluster/start.sh NAME [words of main.py]}
shift
# shellcheck source=/dev/null
[ ! -f cluster/environment.sh ] || . cluster/environment.sh
python=${EXPERIMENT_PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3

again=${EXPERIMENT_AGAIN:-${TORCHELASTIC_RESTART_COUNT:-${SLURM_RESTART_COUNT:-0}}}
run=runs/$name
if [ "$again" != 0 ] && [ -f "$run/code/main.py" ] && [ -f "$run/config.yaml" ]; then
    export EXPERIMENT_PROJECT=$PWD PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}
    exec "$python" "$run/code/main.py" fit --config "$run/config.yaml" --name "$name"
fi
exec "$python" main.py fit --name "$name" "$@"
