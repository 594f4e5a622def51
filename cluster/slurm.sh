#!/bin/bash
# Template's file: updates replace it. What sbatch is told before this file's name wins over the lines
# here; your own lines, such as `module load cuda`, go into cluster/environment.sh.
#
#     sbatch [--time=8:00:00 ...] cluster/slurm.sh NAME [words of main.py]
#
# A run that SLURM may interrupt. README.md beside this file shows arrays of seeds, and several GPUs.
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@60
#SBATCH --ntasks-per-node=1
set -u
name=${1:?give the run a name: sbatch cluster/slurm.sh NAME [words of main.py]}
shift
if [ ! -f cluster/start.sh ]; then
    echo "$PWD holds no cluster/start.sh: type sbatch in the project's folder" >&2
    exit 2
fi

job=$SLURM_JOB_ID
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID # the id of one task may be that of the array, too
    name=$name-seed-$SLURM_ARRAY_TASK_ID
    set -- "$@" "seed=$SLURM_ARRAY_TASK_ID"
fi
several=''
if [ "${SLURM_NTASKS:-1}" -gt 1 ]; then # a process a GPU; one task starts its own
    several=yes
    set -- "$@" --nodes "$SLURM_NNODES" --devices "$SLURM_NTASKS_PER_NODE"
fi

signalled='' near_limit=''
trap 'signalled=yes; near_limit=yes; scancel --signal=TERM "$job"' USR1 # to main.py: save, then end
trap 'signalled=yes' TERM # preempted or cancelled: SLURM tells main.py, and requeues what it preempted

checkpoint() { stat -c "%i %Y" "runs/$name/checkpoints/last.ckpt" 2>/dev/null; }

while true; do
    before=$(checkpoint)
    # Once a task has ended, the others have two minutes to do so.
    srun --wait=120 cluster/start.sh "$name" "$@" &
    training=$!
    wait "$training"
    code=$?
    while [ -n "$signalled" ]; do # a signal ended the waiting, not the training
        signalled=''
        wait "$training"
        code=$?
    done
    case $code in
        0 | 2 | 3 | 129 | 130 | 143) break ;; # meant, or what another start would only repeat
    esac
    # One task restarts by itself. Several start again together, as long as they get on.
    if [ -z "$several" ] || [ -n "$near_limit" ] || [ "$(checkpoint)" = "$before" ]; then break; fi
    echo "$name: exit code $code; all tasks start again from last.ckpt"
    export EXPERIMENT_AGAIN=1
done

case ${near_limit:-no}-$code in
    no-* | yes-0 | yes-2 | yes-3) ;;
    *)
        echo "$name: the time limit is near; job $job goes back into the queue"
        scontrol requeue "$job"
        ;;
esac
exit "$code"
