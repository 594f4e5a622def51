"""Training examples that are made as training goes, without an end."""

from projects import Project

WORDS = ("trainer.limit_train_batches=7",)
STREAM = '''

class Noisy(IterableDataset[Batch]):
    """The training images again and again, each with noise of its own."""

    def __init__(self, images: Dataset[Batch], count: int) -> None:
        self.images, self.count, self.next = images, count, 0

    def start_at(self, epoch: int, examples: int) -> None:
        self.next = examples

    def __iter__(self) -> Iterator[Batch]:
        number, self.next = self.next, 0
        while True:
            image, label = self.images[number % self.count]
            noise = torch.randint(0, 32, image.shape, dtype=torch.uint8)
            yield Batch(image // 2 + noise, label)
            number += 1
'''


def edit(project: Project) -> None:
    data = "experiment/data.py"
    project.append(data, STREAM.strip("\n"))
    project.replace(
        data,
        "        self.hold_out(self.datasets)\n",
        "        self.hold_out(self.datasets)\n"
        '        whole: Any = self.datasets["train"]\n'
        '        self.datasets["train"] = Noisy(whole, len(whole))\n',
    )
    project.replace(
        data,
        "from dataclasses import dataclass\n",
        "from collections.abc import Iterator\nfrom dataclasses import dataclass\n",
    )
    project.replace(data, "import NamedTuple\n", "import Any, NamedTuple\n")
    project.replace(
        data,
        "from torch.utils.data import Dataset\n",
        "from torch.utils.data import Dataset, IterableDataset\n",
    )
