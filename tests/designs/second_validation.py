"""A second validation set, harder than the first, that ranks the checkpoints."""

from projects import Project

WORDS = ()
LOADERS = """
    def val_dataloader(self) -> dict[str, DataLoader[Batch]]:
        images = self.examples("val")
        return {"clean": self.loader("val", images), "noisy": self.loader("noisy", images)}
"""


def edit(project: Project) -> None:
    data, module = "experiment/data.py", "experiment/module.py"
    project.append(data, LOADERS.rstrip())
    project.replace(
        data,
        "from torch.utils.data import Dataset\n",
        "from torch.utils.data import DataLoader, Dataset\n",
    )
    project.replace(
        data,
        "                v2.Normalize(self.facts.mean, self.facts.std),\n",
        "                v2.Normalize(self.facts.mean, self.facts.std),\n"
        '                *([v2.GaussianNoise(sigma=0.5)] if split == "noisy" else ()),\n',
    )
    project.replace(
        module,
        "def validation_step(self, batch: Batch, batch_idx: int)",
        "def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0)",
    )
    project.replace("configs/experiment.yaml", "monitor: val/loss ", "monitor: val/loss/noisy ")
