"""Two networks against each other, stepped by hand: Arjovsky et al. 2017 (arXiv:1701.07875)."""

from projects import Project

WORDS = ()
MODEL = '''"""The networks: noise becomes an image, an image a score.

Yours.
"""

from jaxtyping import Float
from torch import Tensor, nn

from .config import ModelConfig
from .data import Facts


class Generator(nn.Module):
    """From noise to images.

    Shape:
        - noise: ``(batch, noise)``
        - output: ``(batch, channels, height, width)``
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        side, width = facts.image_size, 4 * config.width
        self.layers = nn.Sequential(
            nn.Linear(config.noise, width),
            nn.ReLU(),
            nn.Linear(width, facts.channels * side * side),
            nn.Unflatten(1, (facts.channels, side, side)),
        )

    def forward(
        self, noise: Float[Tensor, "batch noise"]
    ) -> Float[Tensor, "batch channels height width"]:
        return self.layers(noise)


class Critic(nn.Module):
    """From images to how real they seem.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch,)``
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        width = 4 * config.width
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(facts.channels * facts.image_size**2, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
            nn.Flatten(0),
        )

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, " batch"]:
        return self.layers(image)
'''
MODULE = '''"""How this experiment learns: every few steps of the critic, one of the generator.

Yours.
"""

from typing import Any

import torch
from torch import Tensor
from torch.optim import RMSprop

from .config import Config
from .core.module import Module
from .data import Batch, Facts
from .model import Critic, Generator


class ExperimentModule(Module):
    """Wasserstein GAN with weight clipping."""

    config: Config
    expected = {
        "not_learned": ["val/distance"],  # two networks at odds
        "unmoved": ["critic.layers.3.bias"],  # cancels in the difference of two means
    }

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.automatic_optimization = False
        self.generator = Generator(config.model, facts)
        self.critic = Critic(config.model, facts)

    def configure_optimizers(self) -> Any:
        rate = self.config.optimizer.learning_rate
        return [
            RMSprop(self.generator.parameters(), lr=rate),
            RMSprop(self.critic.parameters(), lr=rate),
        ]

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        for_generator, for_critic = self.optimizers()  # pyright: ignore[reportGeneralTypeIssues]
        fakes = self.generated(len(batch.image))
        loss = self.critic(fakes.detach()).mean() - self.critic(batch.image).mean()
        for_critic.zero_grad()
        self.manual_backward(loss)
        for_critic.step()
        for weight in self.critic.parameters():
            weight.data.clamp_(-0.1, 0.1)
        self.average("train", len(batch.image), critic_loss=loss)
        if (batch_idx + 1) % self.config.model.critic_steps == 0:
            loss = -self.critic(fakes).mean()
            for_generator.zero_grad()
            self.manual_backward(loss)
            for_generator.step()
            self.average("train", len(batch.image), generator_loss=loss)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        fakes = self.generated(len(batch.image))
        distance = (fakes.mean(0) - batch.image.mean(0)).abs().mean()
        self.average("val", len(batch.image), distance=distance)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        distance = (self.generated(len(batch.image)).mean(0) - batch.image.mean(0)).abs().mean()
        self.average("test", len(batch.image), distance=distance)

    def generated(self, count: int) -> Tensor:
        """Images of fresh noise."""
        noise = torch.randn(count, self.config.model.noise, device=self.device)
        return self.generator(noise)
'''


def edit(project: Project) -> None:
    (project / "experiment/model.py").write_text(MODEL)
    (project / "experiment/module.py").write_text(MODULE)
    yaml = "configs/experiment.yaml"
    project.replace(yaml, "trainer:\n", "trainer:\n  gradient_clip_norm: null  # by hand\n")
    project.replace(yaml, "monitor: val/loss ", "mode: min\n  monitor: val/distance ")
    project.replace(
        "experiment/config.py",
        "    pretrained: bool = False",
        "    noise: int = 8  # numbers that an image is made of\n"
        "    critic_steps: int = 3  # for one of the generator\n"
        "    pretrained: bool = False",
    )
