"""A section, an option and a kind of one's own, and a section of core's with one setting more."""

from projects import Project

WORDS = (
    "--gamma",
    "1.5",
    "loss.kind=FOCAL",
    "loss.parts=[{name: a, weight: 0.5}]",
    "optimizer.clip=0.5",
)
SECTIONS = '''class Kind(Enum):
    """Of a loss."""

    PLAIN = "plain"
    FOCAL = "focal"


@dataclass
class Part:
    """A summand."""

    name: str
    weight: float = 1.0


@dataclass
class LossConfig:
    """The loss: see module.py."""

    kind: Kind = Kind.PLAIN
    gamma: float = 2.0  # focal: how little the easy ones count
    parts: list[Part] = field(default_factory=list)
    by_class: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at_least(self, 0, "gamma")


@dataclass
class MyOptimizerConfig(OptimizerConfig):
    """Core's, and one setting more."""

    clip: float | None = None  # of each gradient, in its own units


@dataclass
class Config(RunConfig):
    """Everything that can be set; configs/experiment.yaml holds what this experiment does set."""

    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: MyOptimizerConfig = field(default_factory=MyOptimizerConfig)
'''
LOSS = """        loss = self.loss(logits, batch.label, smoothing)
"""
METHODS = '''
    def loss(self, logits: Tensor, label: Tensor, smoothing: float) -> Tensor:
        """Focal, Lin et al. 2017 (arXiv:1708.02002), or plain."""
        config = self.config.loss
        losses = F.cross_entropy(logits, label, label_smoothing=smoothing, reduction="none")
        if config.kind is Kind.FOCAL:
            losses = (1 - (-losses).exp()).clamp_min(1e-6) ** config.gamma * losses
        return losses.mean() * (1 + sum(part.weight for part in config.parts))

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        if self.config.optimizer.clip is not None:
            torch.nn.utils.clip_grad_value_(self.parameters(), self.config.optimizer.clip)
'''


def edit(project: Project) -> None:
    config, module = "experiment/config.py", "experiment/module.py"
    text = (project / config).read_text()
    start = text.index("@dataclass\nclass Config(")
    end = text.index("    data: DataConfig =")
    (project / config).write_text(text[:start] + SECTIONS + text[end:])
    project.replace(
        config,
        "from typing import Literal\n",
        "from enum import Enum\nfrom typing import Literal\n",
    )
    project.replace(
        config,
        "import ImageDataConfig, RunConfig, at_least, fraction",
        "import ImageDataConfig, OptimizerConfig, RunConfig, at_least, fraction",
    )
    project.replace(
        module,
        "        loss = F.cross_entropy(logits, batch.label, label_smoothing=smoothing)\n",
        LOSS,
    )
    project.append(module, METHODS.rstrip())
    project.replace(
        module,
        "import torch.nn.functional as F\nfrom torch import Tensor\n",
        "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor\n"
        "from torch.optim import Optimizer\n",
    )
    project.replace(module, "from .config import Config\n", "from .config import Config, Kind\n")
    project.replace(
        "main.py",
        '    # parser.add_argument("--width", dest="model.width", type=int,',
        '    parser.add_argument("--gamma", dest="loss.gamma", type=float,',
    )
    project.replace(
        "main.py",
        "import sys\nfrom argparse import Namespace\n",
        "import argparse\nimport sys\nfrom argparse import Namespace\n",
    )
