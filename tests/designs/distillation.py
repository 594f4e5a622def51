"""A small network learns from a large one: Hinton et al. 2015 (arXiv:1503.02531)."""

from projects import Project

WORDS = ("temperature=3.0",)
LOSS = """        loss = F.cross_entropy(logits, batch.label, label_smoothing=smoothing)
        if split == "train":
            loss = loss + self.distillation(batch, logits)
"""
TEACHER = '''
    def on_train_epoch_start(self) -> None:
        self.teacher.eval()  # its batch norms and dropout stay as they were trained

    def distillation(self, batch: Batch, logits: Tensor) -> Tensor:
        """How far the student is from the teacher's softened answers."""
        temperature = self.config.temperature
        with torch.no_grad():
            soft = F.softmax(self.teacher(batch.image) / temperature, dim=1)
        student = F.log_softmax(logits / temperature, dim=1)
        return temperature**2 * F.kl_div(student, soft, reduction="batchmean")
'''


def edit(project: Project) -> None:
    module = "experiment/module.py"
    project.replace(
        module,
        "        loss = F.cross_entropy(logits, batch.label, label_smoothing=smoothing)\n",
        LOSS,
    )
    project.append(module, TEACHER.rstrip())
    project.replace(
        module,
        "    config: Config\n",
        '    config: Config\n    expected = {"not_learned": ["val/loss"]}  # it knows nothing\n',
    )
    project.replace(
        module,
        "        self.model = build_model(config.model, facts)\n",
        "        self.model = build_model(config.model, facts)\n"
        "        wide = replace(config.model, width=2 * config.model.width)\n"
        "        self.teacher = build_model(wide, facts).requires_grad_(False)\n",
    )
    project.replace(
        module,
        "import torch.nn.functional as F\n",
        "from dataclasses import replace\n\nimport torch\nimport torch.nn.functional as F\n",
    )
    project.replace(
        "experiment/config.py",
        "    label_smoothing: float",
        "    temperature: float = 2.0  # softens both answers\n    label_smoothing: float",
    )
