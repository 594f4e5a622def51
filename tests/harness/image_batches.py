"""Batches of images that are alike, and what tells batches from one another."""

import hashlib
from typing import Any

import torch
from modules import Modules
from torchvision import tv_tensors


def batch_of(experiment: Modules, count: int = 64, channels: int = 3, size: int = 12) -> Any:
    pixels = torch.randint(1, 256, (1, channels, size, size + 2), dtype=torch.uint8)
    image = tv_tensors.Image(pixels.expand(count, -1, -1, -1).clone())
    return experiment("data").Batch(image, torch.arange(count))


def distinct(images: Any) -> int:
    return len({image.numpy().tobytes() for image in images.as_subclass(torch.Tensor)})


def batches(loader: Any) -> list[tuple[str, list[int]]]:
    return [
        (hashlib.sha256(batch.image.numpy().tobytes()).hexdigest(), batch.label.tolist())
        for batch in loader
    ]
