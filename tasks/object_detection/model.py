"""The network: images come, a box, a class and a confidence leave for each object in them.

Yours: edit it, or write another network beside this one and name it in ``build_model``.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int64
from torch import Tensor, nn

from .blocks.convolution import ConvNormAct, ResidualBlock
from .blocks.pyramid import FeaturePyramid
from .config import ModelConfig
from .core.errors import UserError
from .core.module import Detections, Detector, TorchvisionDetector
from .data import Facts

STRIDE = 4  # pixels a side of a cell of the maps that leave the network
TYPICAL = 8.0  # pixels; a box whose sides the network gives as 0


class Maps(NamedTuple):
    """What the network says of each cell of an image.

    Shape:
        - heat: ``(batch, classes, rows, columns)``, logits: is this the centre of such an object?
        - box: ``(batch, 4, rows, columns)``: where in the cell the centre is, x and y from 0 to 1,
          and the logarithms of width and height in units of ``TYPICAL``
    """

    heat: Float[Tensor, "batch classes rows columns"]
    box: Float[Tensor, "batch 4 rows columns"]


class Targets(NamedTuple):
    """What the maps should say of the objects of an image.

    Shape:
        - heat: ``(batch, classes, rows, columns)``, 1 at a centre, less around it
        - cell: ``(batch, objects)``, number of the cell of each centre, row by row
        - box: ``(batch, objects, 4)``, as in the maps
        - there: ``(batch, objects)``, 1 where there is an object, else 0
    """

    heat: Float[Tensor, "batch classes rows columns"]
    cell: Int64[Tensor, "batch objects"]
    box: Float[Tensor, "batch objects 4"]
    there: Float[Tensor, "batch objects"]


class CenterNet(Detector):
    """Objects as points: Zhou et al. 2019 (arXiv:1904.07850), small, without anchors.

    A heat map says where centres are, another map how large the box about each is. Residual blocks
    on ``levels`` maps, from a quarter of the image's size on, each half as large as the one before;
    a feature pyramid tells the finest what the coarser ones saw.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: see ``Maps``
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        self.box_weight, self.max_detections = config.box_weight, config.max_detections
        widths = [config.width * min(4, 2 ** (level + 1)) for level in range(config.levels)]
        self.stem = nn.Sequential(
            ConvNormAct(facts.channels, config.width, stride=2), ResidualBlock(config.width)
        )
        self.stages = nn.ModuleList()
        for before, width in zip([config.width, *widths], widths, strict=False):
            stage = nn.Sequential(ConvNormAct(before, width, stride=2))
            stage.extend(ResidualBlock(width) for _ in range(config.depth))
            self.stages.append(stage)
        self.pyramid = FeaturePyramid(widths, widths[0], num_outputs=1)
        self.features = ConvNormAct(widths[0], widths[-1])
        self.heat = nn.Conv2d(widths[-1], facts.num_classes, 1)
        self.box = nn.Conv2d(widths[-1], 4, 1)
        # Nearly all cells are no centre: start from that (Lin et al. 2017, arXiv:1708.02002, 4.1).
        nn.init.constant_(self.heat.get_parameter("bias"), -4.0)

    def forward(self, image: Float[Tensor, "batch channels height width"]) -> Maps:
        x, maps = self.stem(image), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)  # (batch, width, height / 4, width / 4), then / 8, ...
        (finest,) = self.pyramid(*maps)
        features = self.features(finest)
        return Maps(self.heat(features).float(), self.box(features).float())

    def loss(
        self,
        image: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch objects 4"],
        label: Int64[Tensor, "batch objects"],
    ) -> dict[str, Tensor]:
        maps = self(image)
        targets = encode(boxes, label, *maps.heat.shape[1:])
        at_centers = rearrange(maps.box, "batch four rows columns -> batch (rows columns) four")
        cell = targets.cell.unsqueeze(2).expand(-1, -1, 4)  # (batch, objects, 4)
        error = (at_centers.gather(1, cell) - targets.box).abs().sum(dim=2)
        count = targets.there.sum().clamp(min=1)
        box = self.box_weight * (error * targets.there).sum() / count
        return {"heat_loss": focal_loss(maps.heat, targets.heat) / count, "box_loss": box}

    def detect(self, image: Float[Tensor, "batch channels height width"]) -> Detections:
        return decode(self(image), self.max_detections)


def focal_loss(
    logits: Float[Tensor, "batch classes rows columns"],
    heat: Float[Tensor, "batch classes rows columns"],
) -> Float[Tensor, ""]:
    r"""Cross-entropy in which what is easy counts little.

    Law & Deng 2018 (arXiv:1808.01244, equation 1), before it is divided by the number of objects:
    the sum of :math:`-(1-p)^2 \log p` over all centres, where ``heat`` is 1, and of
    :math:`-(1-h)^4 p^2 \log(1-p)` over all other cells.

    Shape:
        - logits: ``(batch, classes, rows, columns)``
        - heat: ``(batch, classes, rows, columns)``
        - output: ``()``
    """
    p = logits.sigmoid()
    center = -((1 - p) ** 2) * F.logsigmoid(logits)
    elsewhere = -((1 - heat) ** 4) * p**2 * F.logsigmoid(-logits)
    return torch.where(heat == 1, center, elsewhere).sum()


def encode(
    boxes: Float[Tensor, "batch objects 4"],
    label: Int64[Tensor, "batch objects"],
    classes: int,
    rows: int,
    columns: int,
) -> Targets:
    """From boxes to what the maps should say: at each centre a Gaussian, wider for larger boxes.

    Shape:
        - boxes: ``(batch, objects, 4)``
        - label: ``(batch, objects)``
    """
    there = (label >= 0).to(boxes.dtype)
    center = (boxes[..., :2] + boxes[..., 2:]) / (2 * STRIDE)  # x and y, in cells
    side = (boxes[..., 2:] - boxes[..., :2]).clamp(min=1)
    limit = torch.tensor([columns, rows], device=boxes.device) - 1
    cell = center.floor().clamp(min=0).minimum(limit)
    x = torch.arange(columns, device=boxes.device) - cell[..., :1]  # (batch, objects, columns)
    y = torch.arange(rows, device=boxes.device) - cell[..., 1:]
    sigma = (side.amax(dim=2) / STRIDE / 6).clamp(min=0.5)[..., None, None]
    distance = x.square().unsqueeze(2) + y.square().unsqueeze(3)  # (batch, objects, rows, columns)
    hills = torch.exp(-distance / (2 * sigma**2)) * there[..., None, None]
    heat = hills.new_zeros(len(boxes), classes, rows, columns)
    of_class = label.clamp(min=0)[..., None, None].expand_as(hills)
    heat = heat.scatter_reduce(1, of_class, hills, "amax")
    number = (cell[..., 1] * columns + cell[..., 0]).long()
    return Targets(heat, number, torch.cat([center - cell, (side / TYPICAL).log()], dim=2), there)


def decode(maps: Maps, max_detections: int) -> Detections:
    """The surest peaks of the heat map, each with the box that the other map gives there."""
    heat = maps.heat.sigmoid()
    around = F.max_pool2d(heat.amax(dim=1, keepdim=True), 3, stride=1, padding=1)
    heat = heat * (heat == around)  # at one place there is one object
    rows, columns = heat.shape[2:]
    confidence, place = heat.flatten(1).topk(min(max_detections, heat[0].numel()), dim=1)
    label, cell = place // (rows * columns), place % (rows * columns)  # (batch, detections)
    box = maps.box.flatten(2).gather(2, cell.unsqueeze(1).expand(-1, 4, -1)).transpose(1, 2)
    corner = torch.stack([cell % columns, cell // columns], dim=2)
    center = (corner + box[..., :2]) * STRIDE
    half = box[..., 2:].clamp(max=math.log(1000)).exp() * TYPICAL / 2
    boxes = torch.cat([center - half, center + half], dim=2)
    return Detections(boxes, label, confidence)


def build_model(config: ModelConfig, facts: Facts) -> Detector:
    """The network that ``model.name`` asks for, with the data's channels, size and classes."""
    if config.name.startswith("torchvision/"):
        return TorchvisionDetector(
            config.name.removeprefix("torchvision/"),
            facts.num_classes,
            facts.image_size,
            config.max_detections,
            config.pretrained,
        )
    if config.pretrained:
        raise UserError("model.pretrained: only a torchvision/NAME has published weights")
    return CenterNet(config, facts).to(memory_format=torch.channels_last)  # a third faster
