"""``--profile``: where the time of training goes, as a table in words.

Template's file: updates replace it. Written to ``runs/<name>/profile.txt`` and said at the end of
training; nothing that is learned changes. The operators are torch.profiler's, of at most ten steps
that are left out of the times, since looking that closely takes longer than the step.
"""

import os
import time
from collections import defaultdict
from pathlib import Path

import torch
from pytorch_lightning.profilers import Profiler
from torch.profiler import ProfilerActivity, profile

from ..console import say
from ..files import shown

FIRST_STEP, OPERATOR_STEPS, MOST_OPERATORS = 10, 10, 8

DATA, TRANSFER, FORWARD, BACKWARD = "waiting for data", "moving it", "forward", "backward"
OPTIMIZER, VALIDATION, CALLBACKS = "optimizer", "validation", "callbacks"
SAVING, LOOP = "checkpoints", "the loop"
MEANING = {
    DATA: "until the loader hands over a batch",
    TRANSFER: "of batches to the device",
    FORWARD: "training_step: the network, the loss",
    BACKWARD: "the gradients",
    OPTIMIZER: "clipping, the step, the schedule",
    VALIDATION: "all of it, its data and callbacks, too",
    CALLBACKS: "metrics, logging, the bar, yours",
    SAVING: "writing them",
    LOOP: "Lightning's own, between all of these",
}
# The end of an action's name, as Lightning gives it, and what that time is spent on.
ENDINGS = {
    "_next": DATA,
    "batch_to_device": TRANSFER,
    "transfer_batch_to_device": TRANSFER,
    ".training_step": FORWARD,
    ".backward": BACKWARD,
    ".optimizer_step": OPTIMIZER,
    ".optimizer_zero_grad": OPTIMIZER,
    ".configure_gradient_clipping": OPTIMIZER,
    ".lr_scheduler_step": OPTIMIZER,
    "save_checkpoint": SAVING,
    "run_training_epoch": LOOP,
    "run_training_batch": LOOP,
}


class StepTimes(Profiler):
    """Shares out the time of training: each moment belongs to the innermost thing that is going on.

    Args:
        file: Where the table goes.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.steps = 0  # batches, those apart whose operators are looked at
        self._going_on: list[str] = []
        self._validating = False
        self._since = 0.0
        self._batches = 0
        self._operators: profile | None = None
        self._looked_at = 0  # batches whose operators are known: fewer where training ends early
        self._slowest: list[tuple[str, float, int]] = []

    def start(self, action_name: str) -> None:
        if action_name.endswith(".on_train_epoch_start") and not self._going_on:
            self._since, self._going_on = time.perf_counter(), [LOOP]
        if not self._going_on:
            return  # before training
        self._share_out()
        inside_a_save = self._going_on[-1] == SAVING
        self._going_on.append(SAVING if inside_a_save else kind_of(action_name))
        self._validating |= action_name.endswith(".on_validation_model_eval")
        if action_name == "run_training_batch":
            self._batches += 1
            if self._batches == FIRST_STEP:
                self._look_closely()

    def stop(self, action_name: str) -> None:
        if not self._going_on:
            return
        self._share_out()
        self._going_on.pop()
        self._validating &= not is_strategy_s(action_name, "on_validation_end")
        if is_strategy_s(action_name, "on_train_end"):
            self._going_on = []
        if action_name == "run_training_batch":
            self.steps += self._operators is None
            self._looked_at += self._operators is not None
            if self._looked_at == OPERATOR_STEPS:
                self._look_away()

    def describe(self) -> None:
        """Write and say the table, once, after training."""
        self._look_away()
        if not self.steps or self._local_rank not in (None, 0):
            return
        lines = self.table()
        self.file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for line in lines:
            say(line)
        say(f"  profile           {shown(self.file)}")
        self.steps = 0

    def table(self) -> list[str]:
        """The table, line by line."""
        whole = sum(self.seconds.values())
        lines = [f"where the time of {self.steps} steps went: {whole:.2f} s"]
        for kind, meaning in MEANING.items():
            seconds = self.seconds[kind]
            each = 1000 * seconds / self.steps
            lines.append(f"  {kind:<17} {seconds / whole:>5.1%} {each:>9.3f} ms a step  {meaning}")
        if self._slowest:
            steps = "1 other step" if self._looked_at == 1 else f"{self._looked_at} other steps"
            lines.append(f"slowest operators, of {steps}")
        inside = sum(microseconds for _, microseconds, _ in self._slowest) or 1.0
        for name, microseconds, calls in self._slowest[:MOST_OPERATORS]:
            share, each = microseconds / inside, microseconds / self._looked_at / 1000
            count = f"{calls / self._looked_at:g} calls"
            lines.append(f"  {share:>23.1%} {each:>9.3f} ms a step  {name}, {count}")
        if torch.cuda.is_initialized():
            peak = torch.cuda.max_memory_allocated() / 2**30
            lines.append(f"most memory on the GPU: {peak:.2f} GiB")
        return lines

    def _share_out(self) -> None:
        """Add the time since the last call to what was going on."""
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()  # else it would be shared out to whoever waits for the GPU
        now = time.perf_counter()
        if self._going_on and self._operators is None:
            self.seconds[VALIDATION if self._validating else self._going_on[-1]] += (
                now - self._since
            )
        self._since = now

    def _look_closely(self) -> None:
        os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # it looks for GPUs, and says so
        activities = [ProfilerActivity.CPU]
        if torch.cuda.is_available():
            activities.append(ProfilerActivity.CUDA)
        self._operators = profile(activities=activities)
        self._operators.start()

    def _look_away(self) -> None:
        if self._operators is None:
            return
        self._operators.stop()
        on_gpu = torch.cuda.is_available()
        attribute = "self_device_time_total" if on_gpu else "self_cpu_time_total"
        rows = [
            (row.key, float(getattr(row, attribute)), int(row.count))
            for row in self._operators.key_averages()
            if "#" not in row.key and "evaluate_function" not in row.key  # what holds operators
        ]
        self._slowest = sorted((r for r in rows if r[1] > 0), key=lambda r: r[1], reverse=True)
        self._operators = None
        self._since = time.perf_counter()


def is_strategy_s(action: str, hook: str) -> bool:
    """Whether this is the last of the hooks of that name: callbacks and module come before."""
    return action.startswith("[Strategy]") and action.endswith(f".{hook}")


def kind_of(action: str) -> str:
    """What the time of an action of Lightning's is spent on."""
    for ending, kind in ENDINGS.items():
        if action.endswith(ending):
            return kind
    return CALLBACKS
