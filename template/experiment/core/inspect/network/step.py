"""A real training step, looked at from inside: a callback of the Trainer that carries it out.

Template's file: updates replace it. The step is Lightning's own, with the project's loader, loss,
optimizers and precision, by hand or not. The first batch is traced; further ones run only as long
as a parameter has had no gradient, since two networks may learn by turns.
"""

import math
from contextlib import ExitStack
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from ..step_outputs import loss_of
from .cost import Activations, Flops
from .documented import Documented
from .tensors import named_tensors, tensors_in
from .trace import Trace

MOST_STEPS = 6


class StepWitness(pl.Callback):
    """What the step showed."""

    def __init__(self) -> None:
        self.steps = 0
        self.batch: list[tuple[str, Tensor]] = []
        self.trace: Trace | None = None
        self.loss: float | None = None
        self.gradients: dict[str, float] = {}  # root of the mean square, of the first step
        self.reached: set[str] = set()
        self.started: dict[str, bool] = {}  # which learned when it began
        self.optimizer_bytes = self.peak = 0
        self.forward_flops = 0
        self._open = ExitStack()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for name, parameter in pl_module.named_parameters():
            self.started[name] = parameter.requires_grad
            if parameter.requires_grad and not nn.parameter.is_lazy(parameter):
                hook = _reached(self, name)
                parameter.register_post_accumulate_grad_hook(hook)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self.steps:
            return
        self.batch = list(named_tensors(batch))
        self.documented = Documented()
        self.documented.hold_fields(batch)
        trace = self.trace = Trace(pl_module, self.documented.hold)
        trace.begin(batch)
        self.activations = Activations(pl_module)
        self.flops = Flops(self._add_flops)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        self._open.enter_context(self.flops)
        self._open.enter_context(trace.watching())
        self._open.enter_context(self.activations.counted(list(tensors_in(batch))))

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        if self.trace is not None and not self.steps:
            self.trace.quiet += 1
            self.forward_flops = self.forward_flops or self.flops.total

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not pl_module.automatic_optimization:  # else on_before_optimizer_step does
            self._look_at_gradients(pl_module)
        if self.trace is not None and not self.steps:
            self.trace.quiet -= 1
            self.activations.backward()

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        self._look_at_gradients(pl_module)
        if pl_module.automatic_optimization:  # what follows costs no products
            self.close()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any, **_: Any
    ) -> None:
        if not self.steps:
            self.close()
            loss = loss_of(outputs)
            self.loss = float(loss.detach().mean()) if isinstance(loss, Tensor) else None
            if torch.cuda.is_available():
                self.peak = torch.cuda.max_memory_allocated()
        self.steps += 1
        self.optimizer_bytes = sum(_bytes_of(one.state) for one in trainer.optimizers)
        trainer.should_stop = self.steps >= MOST_STEPS or not self.unreached(pl_module)

    def close(self) -> None:
        """Look no more; also after an error, of which everything up to it is known."""
        self._open.close()

    def unreached(self, module: nn.Module) -> dict[str, nn.Parameter]:
        """Parameters that learn, and that no gradient has reached."""
        return {
            name: parameter
            for name, parameter in module.named_parameters()
            if self.started.get(name, True) and parameter.requires_grad and name not in self.reached
        }

    def _add_flops(self, flops: int) -> None:
        trace = self.trace
        if trace is not None and not trace.quiet:
            for node in trace.stack:
                node.flops += flops

    def _look_at_gradients(self, module: nn.Module) -> None:
        """Those that are there: a step may have set them itself, where a hook sees nothing."""
        for name, parameter in module.named_parameters():
            gradient = parameter.grad
            if gradient is None:
                continue
            self.reached.add(name)
            if not self.steps and not gradient.is_sparse and gradient.numel():
                length = torch.linalg.vector_norm(gradient.detach(), dtype=torch.float64).item()
                scale = length / math.sqrt(gradient.numel())
                self.gradients[name] = max(scale, self.gradients.get(name, 0.0))


def _reached(witness: StepWitness, name: str) -> Any:
    def hook(parameter: Tensor) -> None:
        witness.reached.add(name)

    return hook


def _bytes_of(state: Any) -> int:
    """Of the tensors that an optimizer keeps for its parameters."""
    return sum(tensor.nbytes for of_one in state.values() for tensor in tensors_in(of_one))
