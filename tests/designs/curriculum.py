"""Easy examples first, stronger changes later: Bengio et al. 2009."""

from projects import Project

WORDS = (
    "callbacks.extra.experiment.callbacks.Curriculum={}",
    "checkpoint.every_n_steps=2",
)
ORDER = '''
    def order(self, dataset: Dataset[Any], epoch: int) -> np.ndarray:
        """The brightest images first: a third of them at the start, all from the third epoch on."""
        count = len(dataset)  # pyright: ignore[reportArgumentType]
        brightness = [float(dataset[number].image.float().mean()) for number in range(count)]
        ranked = np.argsort(brightness)[::-1]
        share = min(1.0, (epoch + 1) / 3)
        easy = ranked[: max(1, round(share * len(ranked)))]
        draws = np.random.default_rng([self.seed, epoch])
        return draws.choice(easy, size=len(ranked))


class GrowingNoise(v2.Transform):
    """Noise that grows as training goes."""

    sigma = 0.0

    def at(self, epoch: int, progress: float) -> None:
        self.sigma = 0.5 * progress

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt + self.sigma * torch.randn_like(inpt) if inpt.is_floating_point() else inpt
'''
CALLBACK = '''

class Curriculum(pl.Callback):
    """Weighs the regularization by the epoch."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for module in pl_module.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.05 * (1 + trainer.current_epoch)
'''


def edit(project: Project) -> None:
    data, callbacks = "experiment/data.py", "experiment/callbacks.py"
    project.append(data, ORDER.rstrip())
    project.replace(
        data,
        "from typing import NamedTuple\n\nimport torch\n",
        "from typing import Any, NamedTuple\n\nimport numpy as np\nimport torch\n",
    )
    project.replace(
        data,
        "                v2.Normalize(self.facts.mean, self.facts.std),\n",
        "                v2.Normalize(self.facts.mean, self.facts.std),\n"
        '                *([GrowingNoise()] if split == "train" else ()),\n',
    )
    project.append(callbacks, CALLBACK.strip("\n"))
    project.replace(
        callbacks,
        "import pytorch_lightning as pl\n",
        "import pytorch_lightning as pl\nfrom torch import nn\n",
    )
