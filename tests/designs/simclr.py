"""Learning without labels, then with them: SimCLR, Chen et al. 2020 (arXiv:2002.05709)."""

from harness.experiment import Experiment, fit_words
from projects import Project

WORDS = ("stage=pretrain",)
# What is typed once it has trained: its weights, but for the head, learn the classes.
THEN = ("--name", "b", "--weights-from", "a", "optimizer.freeze=[model.stem]")
TRANSFORMS = '''    def transforms(self, split: str) -> v2.Compose | Views:
        """Two views of an image before fine-tuning; else one, augmented for training."""
        to_float = [
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(self.facts.mean, self.facts.std),
        ]
        if self.config.views and split != "predict":
            return Views(v2.Compose([*self.augmentations(), *to_float]))
        augment = split == "train" and self.config.augment
        return v2.Compose([*(self.augmentations() if augment else ()), *to_float])

    def augmentations('''
STEP = '''    def _step(self, batch: Batch, split: str) -> Tensor:
        """The loss of a batch, and its share of the epoch's metrics."""
        if self.config.stage == "pretrain":
            loss = self.contrast(batch.image)
            self.average(split, len(batch.label), loss=loss)
            return loss
        logits = self.model(batch.image)  # (batch, classes)
'''
CONTRAST = '''
    def contrast(self, views: Float[Tensor, "batch 2 channels height width"]) -> Tensor:
        """NT-Xent: each view has to find the other one of its image among all of the batch."""
        images = rearrange(views, "batch view ... -> (view batch) ...")
        z = F.normalize(self.projector(self.model(images)), dim=1)  # (2 * batch, 16)
        similarity = z @ z.T / 0.5
        similarity.fill_diagonal_(float("-inf"))
        partners = torch.arange(len(z), device=z.device).roll(len(views))
        return F.cross_entropy(similarity, partners)
'''


def edit(project: Project) -> None:
    data, module, config = (f"experiment/{name}.py" for name in ("data", "module", "config"))
    text = (project / data).read_text()
    start, end = text.index("    def transforms("), text.index("    def augmentations(")
    (project / data).write_text(
        text[:start] + TRANSFORMS + text[end + len("    def augmentations(") :]
    )
    project.replace(
        data,
        "import DataModule, ImageSample, images",
        "import DataModule, ImageSample, Views, images",
    )
    project.replace(data, '"batch channels height width"', '"batch *view channels height width"')
    project.replace(data, "- image: ``(batch, channels,", "- image: ``(batch, ..., channels,")
    project.replace(
        config,
        "    augment: bool = True",
        "    views: bool = False  # two of each image\n    augment: bool = True",
    )
    project.replace(
        config,
        "    label_smoothing: float",
        '    stage: Literal["pretrain", "finetune"] = "finetune"\n    label_smoothing: float',
    )
    project.replace(
        config,
        '        fraction(self, "label_smoothing")\n',
        '        fraction(self, "label_smoothing")\n'
        '        self.data.views = self.stage == "pretrain"\n',
    )
    project.replace(
        module,
        "import torch.nn.functional as F\nfrom torch import Tensor\n",
        "import torch\nimport torch.nn.functional as F\nfrom einops import rearrange\n"
        "from jaxtyping import Float\nfrom torch import Tensor, nn\n",
    )
    text = (project / module).read_text()
    start, end = text.index("    def _step("), text.index("        smoothing = ")
    (project / module).write_text(text[:start] + STEP + text[end:] + CONTRAST)
    project.replace(
        module,
        "        classes = facts.num_classes\n",
        "        classes = facts.num_classes\n"
        '        if config.stage == "pretrain":\n'
        "            layers = nn.Linear(classes, 16), nn.ReLU(), nn.Linear(16, 16)\n"
        "            self.projector = nn.Sequential(*layers)\n",
    )


def afterwards(experiment: Experiment) -> None:
    done = experiment.main(*fit_words(*THEN))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "val/accuracy" in (experiment / "runs/b/metrics.jsonl").read_text()
