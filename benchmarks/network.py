"""How long does looking at a network of 1,000 modules take, and how large is its page?

    uv run --project my-experiment python benchmarks/network.py

A tower of blocks with residual connections, no two neighbours alike, so that nothing is told once
for many. Beside it a training step that nobody looks at. The page is to be looked at as well: how
many rows are open at first.
"""

import importlib
import sys
import time

from project import ROOT, command_line, temporary_project

sys.path.insert(0, str(ROOT / "tests"))

import torch
from looked_networks import Batch, Classifier, Look  # pyright: ignore[reportMissingImports]
from torch import Tensor, nn

MODULES, WIDTHS = 1_000, 40
SECONDS, BYTES = 10.0, 5_000_000


class Block(nn.Module):
    """A residual block, three modules with its layer that widens."""

    def __init__(self, before: int, dim: int) -> None:
        super().__init__()
        self.wider = nn.Linear(before, dim)
        self.norm = nn.LayerNorm(dim)
        self.layer = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.wider(x)
        return x + self.layer(self.norm(x)).relu()


def tower(modules: int) -> nn.Sequential:
    """So many modules; each block is four."""
    network, before = nn.Sequential(), 16
    for place in range(modules // 4):
        dim = 16 + place % WIDTHS
        network.append(Block(before, dim))
        before = dim
    return network.append(nn.Linear(before, 10))


def plain_step(modules: int, batch: Batch) -> float:
    """Seconds of a forward and a backward pass, the second of two."""
    module = Classifier(tower(modules))
    spent = 0.0
    for _ in range(2):
        started = time.perf_counter()
        module.training_step(batch, 0).backward()
        spent = time.perf_counter() - started
    return spent


def main() -> int:
    quick = command_line(__doc__).parse_args().quick
    modules = 100 if quick else MODULES
    batch = Batch(torch.randn(32, 16), torch.randint(0, 10, (32,)))
    with temporary_project():
        look = Look(lambda name: importlib.import_module(f"experiment.{name}"))
        look(lambda: tower(8), batch)  # imports, and whatever torch does once
        started = time.perf_counter()
        looked = look(lambda: tower(modules), batch)
        seen = time.perf_counter() - started
        page = looked.page()
        drawn = time.perf_counter() - started - seen
    calls = sum(1 for node in looked.found.root.walk() if node.is_module) - 1
    step, size = plain_step(modules, batch), len(page.encode())
    print(f"{calls:,} modules; a step that nobody looks at takes {step:.2f} s")
    print(f"the page: {drawn:.2f} s, {page.count('<details open'):,} rows open at first")
    print(f"network: looked at in {seen:.1f} s, page {size / 1e6:.2f} MB")
    return 0 if quick or (seen < SECONDS and size < BYTES) else 1


if __name__ == "__main__":
    sys.exit(main())
