"""A network as its authors publish it: ConvNeXt, Liu et al. 2022 (arXiv:2201.03545)."""

from projects import Project

NETWORK = '''class LayerNorm2d(nn.LayerNorm):
    """LayerNorm over the channels of an image.

    Shape:
        - input: ``(batch, channels, height, width)``
        - output: ``(batch, channels, height, width)``
    """

    def forward(
        self, input: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, then an inverted bottleneck, scaled by a learned gamma.

    Shape:
        - x: ``(batch, channels, height, width)``
        - output: ``(batch, channels, height, width)``
    """

    def __init__(self, dim: int, drop_path: float = 0.0, layer_scale: float = 1e-2) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = nn.Linear(dim, 4 * dim)
        self.act = nn.GELU()
        self.pwconv2 = nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(layer_scale * torch.ones(dim))
        self.drop_path = DropPath(drop_path)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        shortcut = x
        x = self.dwconv(x).permute(0, 2, 3, 1)  # (batch, height, width, channels)
        x = self.gamma * self.pwconv2(self.act(self.pwconv1(self.norm(x))))
        return shortcut + self.drop_path(x.permute(0, 3, 1, 2))


class ConvNeXt(nn.Module):
    """Two stages, which is enough for small images.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, classes)``, logits
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        width = config.width
        self.stem = nn.Sequential(nn.Conv2d(facts.channels, width, 2, 2), LayerNorm2d(width))
        self.stages = nn.Sequential(
            *(ConvNeXtBlock(width, config.drop_path) for _ in range(config.depth)),
            LayerNorm2d(width),
            nn.Conv2d(width, 2 * width, 2, 2),
            *(ConvNeXtBlock(2 * width, config.drop_path) for _ in range(config.depth)),
        )
        self.norm = nn.LayerNorm(2 * width, eps=1e-6)
        self.head = nn.Linear(2 * width, facts.num_classes)
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(module: nn.Module) -> None:
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        x = self.stages(self.stem(image))
        return self.head(self.norm(x.mean(dim=(2, 3))))


def timm_model('''
WORDS = ("model.name=convnext", "model.drop_path=0.1")


def edit(project: Project) -> None:
    model, config = "experiment/model.py", "experiment/config.py"
    project.replace(model, "def timm_model(", NETWORK)
    project.replace(
        model, "from einops import reduce\n", "import torch\nfrom einops import reduce\n"
    )
    project.replace(
        model,
        "from .blocks.convolution import ConvNormAct, ResidualBlock\n",
        "from .blocks.convolution import ConvNormAct, ResidualBlock\n"
        "from .blocks.drop_path import DropPath\n",
    )
    project.replace(
        model,
        '{"convnet": ConvNet, "vit": VisionTransformer}',
        '{"convnet": ConvNet, "vit": VisionTransformer, "convnext": ConvNeXt}',
    )
    project.replace(config, '("convnet", "vit")', '("convnet", "vit", "convnext")')
    project.replace(
        config,
        "    pretrained: bool = False",
        "    drop_path: float = 0.0  # convnext: share of samples that skip a block\n"
        "    pretrained: bool = False",
    )
    project.replace(config, 'fraction(self, "dropout")', 'fraction(self, "dropout", "drop_path")')
