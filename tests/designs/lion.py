"""An optimizer and a schedule of one's own: Lion, Chen et al. 2023 (arXiv:2302.06675)."""

from projects import Project

WORDS = ("optimizer.freeze=[model.stem]", "optimizer.learning_rate=0.0003")
LION = '''"""Lion, Chen et al. 2023 (arXiv:2302.06675): the sign of a momentum.

Yours.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer


class Lion(Optimizer):
    """Steps by the sign alone, with decoupled weight decay.

    Args:
        params: Parameters, or groups of them.
        lr: The length of a step in each coordinate.
        betas: Shares of the momentum in the step, and in the next momentum.
        weight_decay: Times ``lr``, what is taken off each weight in a step.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group)
        return loss

    def _update(self, weight: torch.Tensor, group: dict[str, Any]) -> None:
        assert weight.grad is not None
        (for_step, for_next), rate = group["betas"], group["lr"]
        momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
        direction = torch.lerp(weight.grad, momentum, for_step).sign_()
        weight.mul_(1 - rate * group["weight_decay"]).sub_(direction, alpha=rate)
        momentum.lerp_(weight.grad, 1 - for_next)
'''
METHODS = '''
    def make_optimizer(self, groups: list[dict[str, Any]]) -> Optimizer:
        return Lion(groups)

    def learning_rate_factor(self, step: int, total_steps: float) -> float:
        """Up in a tenth, level, and down by the root in the last fifth."""
        rise, fall = 0.1 * total_steps, 0.8 * total_steps
        if step < fall:
            return min(1.0, (step + 1) / rise)
        return 1.0 - ((step - fall) / (total_steps - fall)) ** 0.5
'''


def edit(project: Project) -> None:
    module = "experiment/module.py"
    (project / "experiment/lion.py").write_text(LION)
    project.append(module, METHODS.rstrip())
    project.replace(
        module,
        "import torch.nn.functional as F\nfrom torch import Tensor\n",
        "from typing import Any\n\nimport torch.nn.functional as F\nfrom torch import Tensor\n"
        "from torch.optim import Optimizer\n",
    )
    project.replace(
        module,
        "from .model import build_model\n",
        "from .lion import Lion\nfrom .model import build_model\n",
    )
