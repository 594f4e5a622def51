"""A project that trains on two loaders, and shows training to torchmetrics."""

from projects import Project

LOADERS = """
    def train_dataloader(self) -> dict[str, object]:
        images = self.examples("train")
        some = Subset(images, range(100))
        return {"all": self.loader("train", images), "some": self.loader("train", some)}
"""


def several_loaders(project: Project) -> None:
    """Two loaders of different lengths, and torchmetrics that training is shown."""
    data, module = "experiment/data.py", "experiment/module.py"
    project.append(data, LOADERS.rstrip())
    project.replace(data, "ImageSample, images", "ImageSample, Subset, images")
    project.replace(module, "batch: Batch, batch_idx: int) -> Tensor", "batch: dict, batch_idx)")
    project.replace(
        module,
        'return self._step(batch, "train")',
        'return self._step(batch["all"], "train") + self._step(batch["some"], "train")',
    )
    project.replace(
        module,
        "            }\n        )\n",
        '            },\n            ("train", "val", "test"),\n        )\n',
    )
    project.replace(
        module,
        "        else:\n            self.update_metrics(",
        "        self.update_metrics(",
    )
    project.replace(module, "accuracy=accuracy)", "share=accuracy)")
