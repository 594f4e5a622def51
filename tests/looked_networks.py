"""Networks that take a real training step, looked at in process."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from modules import Modules
from torch import Tensor, nn


class Batch(NamedTuple):
    """Inputs and their classes."""

    x: Tensor
    label: Tensor


@dataclass
class Facts:
    """What the data says."""

    num_classes: int = 10


class Classifier(pl.LightningModule):
    """Learns by cross-entropy, as the tasks' modules do."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return F.cross_entropy(self.model(batch.x), batch.label)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters())


@dataclass
class Looked:
    """What was seen, and with what."""

    found: Any
    witness: Any
    core: Modules
    detectors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.detectors = [finding.detector for finding in self.found.findings]

    def page(self) -> str:
        return self.core("core.inspect.network.page").page(self.found, "a <title>")

    def node(self, name: str) -> Any:
        """The first call of a module by its path, or of an operation."""
        return next(node for node in self.found.root.walk() if node.name == name)


class Look:
    """Builds a network, takes a step with it, and looks."""

    def __init__(self, core: Modules) -> None:
        self.core = core

    def __call__(
        self,
        make: Any,
        batch: Any = None,
        facts: Any = None,
        module_type: Any = Classifier,
        is_new: bool = True,
        stated: tuple[str, ...] = (),
    ) -> Looked:
        torch.manual_seed(0)
        made_at = self.core("core.inspect.network.made_at")
        examine = self.core("core.inspect.network.examine")
        with made_at.lines_remembered():
            module = module_type(make())
        witness = self.core("core.inspect.network.step").StepWitness()
        batch = Batch(torch.randn(32, 16), torch.randint(0, 10, (32,))) if batch is None else batch
        error = self._fit(module, batch, witness)
        found = examine.describe(module, witness, error)
        evidence = self.core("core.inspect.network.evidence").Evidence(
            module,
            witness,
            witness.trace,
            Facts() if facts is None else facts,
            is_new,
            lambda names: [name for name in names if not name.startswith(tuple(stated) or ("?",))],
            lambda parameters: self._names(module, parameters),
        )
        examine.examine(found, evidence, strict=True)
        return Looked(found, witness, self.core)

    def _fit(self, module: Any, batch: Any, witness: Any) -> Exception | None:
        batches: Any = [batch] * 6
        loader = torch.utils.data.DataLoader(batches, batch_size=None)
        trainer = pl.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[witness],
        )
        try:
            trainer.fit(module, loader)
        except Exception as error:
            return error
        finally:
            witness.close()
        return None

    def _names(self, module: Any, parameters: Any) -> list[str]:
        names_of = self.core("core.module.parameter_groups").names_of
        return list(names_of(module, parameters))
