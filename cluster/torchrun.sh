#!/bin/bash
# Template's file: updates replace it. Your own lines, such as proxies, go into cluster/environment.sh.
#
#     FIRST=HOST NODES=2 [GPUS=8] [PORT=29500] [RESTARTS=10] cluster/torchrun.sh NAME [words of main.py]
#
# typed on each of NODES machines that share this folder, without SLURM. FIRST is one of them.
set -eu
cd "$(dirname "$0")/.."
name=${1:?give the run a name: cluster/torchrun.sh NAME [words of main.py]}
shift
# shellcheck source=/dev/null
[ ! -f cluster/environment.sh ] || . cluster/environment.sh
python=${EXPERIMENT_PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
export EXPERIMENT_PYTHON=$python
# Each start meets at a place of its own: torchrun counts restarts machine by machine, and processes
# that count differently would not find each other in the store that it shares.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1

nodes=${NODES:?how many machines?} first=${FIRST:?which machine is the first?}
gpus=${GPUS:-$(nvidia-smi --list-gpus | wc -l)}
# A process that dies, and all beside it, start again; a machine that is back joins by the same words.
exec "$python" -m torch.distributed.run --nnodes "$nodes" --nproc-per-node "$gpus" \
    --rdzv-backend c10d --rdzv-endpoint "$first:${PORT:-29500}" --rdzv-id "$name" \
    --max-restarts "${RESTARTS:-10}" --no-python \
    cluster/start.sh "$name" "$@" --nodes "$nodes" --devices "$gpus"
