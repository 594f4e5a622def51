"""Signals that end a training: who gets them, and what each of them does.

Template's file: updates replace it. Free of torch.

=========  =======================================================================================
Ctrl-C     SIGINT: training ends at once, with exit code 130; the same command goes on
SIGTERM    a scheduler or ``kill``: training saves at the next batch and ends, with exit code 143
SIGUSR1    a scheduler that announces its time limit: as SIGTERM
SIGHUP     the terminal was closed: as SIGTERM, with exit code 129; under nohup it stays ignored
=========  =======================================================================================

The supervisor passes on what it gets (supervisor.py), and the training process turns it into
Lightning's exception after the batch that is under way. Where a run has several processes, all of
them stop before the same batch (distributed/stop_together.py). ``Checkpoint`` saves there
(checkpoint/model_checkpoint.py, ``on_exception``), and the command ends with the exit code
(commands/fit.py).
"""

import os
import signal

FORWARDED = [s for s in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if hasattr(signal, s)]


def take_usr1() -> None:
    """Take SIGUSR1, by which schedulers announce a time limit, for SIGTERM: save, then end."""
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
