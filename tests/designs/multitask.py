"""Two heads on one trunk, which is released after an epoch."""

from projects import Project

WORDS = (
    "callbacks.extra.experiment.callbacks.Unfreeze={epoch: 1}",
    "checkpoint.monitor=val/parity_accuracy",
    "checkpoint.every_n_steps=3",
)
PARITY = """        parity = self.parity(self.model.features(batch.image))[:, 0]  # (batch,)
        is_odd = (batch.label % 2).float()
        parity_loss = F.binary_cross_entropy_with_logits(parity, is_odd)
        right = ((parity > 0) == is_odd.bool()).float().mean()
        self.average(split, len(is_odd), parity_loss=parity_loss, parity_accuracy=right)
        loss = F.cross_entropy(logits, batch.label, label_smoothing=smoothing) + parity_loss
"""
FEATURES = '''    def features(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch dim"]:
        """What all heads see."""
        x = self.stages(self.stem(image))  # (batch, 4 * width, height / 4, width / 4), or less
        return reduce(x, "batch channels height width -> batch channels", "mean")

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        return self.head(self.dropout(self.features(image)))
'''
CALLBACK = '''

class Unfreeze(pl.Callback):
    """Holds the trunk still until an epoch.

    Args:
        epoch: From which on it learns.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for name, weight in pl_module.named_parameters():
            if "stages" in name or "stem" in name:
                weight.requires_grad_(trainer.current_epoch >= self.epoch)
'''


def edit(project: Project) -> None:
    model, module = "experiment/model.py", "experiment/module.py"
    text = (project / model).read_text()
    start = text.index("    def forward(")
    end = text.index("\n\nclass VisionTransformer")
    (project / model).write_text(text[:start] + FEATURES + text[end:])
    project.replace(
        module,
        "        loss = F.cross_entropy(logits, batch.label, label_smoothing=smoothing)\n",
        PARITY,
    )
    project.replace(
        module,
        "        self.model = build_model(config.model, facts)\n",
        "        self.model = ConvNet(config.model, facts)\n"
        "        self.parity = nn.Linear(self.model.head.in_features, 1)\n",
    )
    project.replace(module, "from .model import build_model\n", "from .model import ConvNet\n")
    project.replace(module, "from torch import Tensor\n", "from torch import Tensor, nn\n")
    project.append("experiment/callbacks.py", CALLBACK.strip("\n"))
