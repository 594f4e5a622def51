"""``trainer.strategy: fsdp``: a model that is too large for one GPU, shared out among several.

Template's file: updates replace it. To shard otherwise, override ``configure_model`` in module.py.

Each GPU keeps its part of every parameter, gradient and optimizer state, and gets the others' parts
of a block only while it computes that block: Rajbhandari et al. 2019 (arXiv:1910.02054, stage 3),
as torch's ``fully_shard`` has it, which keeps the shapes that weight decay and clipping look at.
"""

from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import ModelParallelStrategy
from torch import Tensor, nn

from ..config.run_config import RunConfig
from ..errors import UserError
from .devices import number_of_devices


def make_strategy(config: RunConfig) -> Any:
    """What Lightning's Trainer takes as its strategy.

    Raises:
        UserError: There is no GPU to share the model out among, or averages of the weights, which
            would need them whole.
    """
    if config.trainer.strategy != "fsdp":
        return config.trainer.strategy
    if config.trainer.accelerator == "cpu" or not torch.cuda.is_available():
        raise UserError(
            "trainer.strategy: fsdp shares a model out among GPUs, and none is used here; on CPUs, "
            "or where the model fits into one GPU, take auto"
        )
    for callback in ("ema", "swa"):
        if getattr(config.callbacks, callback) is not None:
            raise UserError(
                f"trainer.strategy: fsdp has no weights as a whole, which callbacks.{callback} "
                f"averages; take auto, or set callbacks.{callback}=null"
            )
    if config.callbacks.sample_predictions is not None:
        raise UserError(
            "trainer.strategy: fsdp needs all processes for a prediction, and "
            "callbacks.sample_predictions asks one; take auto, or set it to null"
        )
    every = torch.cuda.device_count() * config.trainer.num_nodes
    return sharded(number_of_devices(config) or every)


def sharded(devices: int) -> ModelParallelStrategy:
    """Parameters in as many parts as there are devices; checkpoints are whole, in one file."""
    return ModelParallelStrategy(devices, tensor_parallel_size=1, save_distributed_checkpoint=False)


def shard(module: pl.LightningModule) -> None:
    """Share out the network of a module, block by block, where the strategy is to do so."""
    if module._trainer is None:  # load_from_checkpoint
        return
    strategy = module.trainer.strategy
    if not isinstance(strategy, ModelParallelStrategy):
        return
    from torch.distributed.fsdp import FSDPModule, fully_shard

    network = getattr(module, "model", module)
    if isinstance(network, FSDPModule):  # by the fit before this test
        return
    for weight in network.parameters():  # FSDP2 takes no other layout, such as channels_last
        weight.data = weight.data.contiguous()
    mesh = strategy.device_mesh["data_parallel"]
    for block in _blocks(network):
        fully_shard(block, mesh=mesh)
    fully_shard(network, mesh=mesh)


class SameBuffers(pl.Callback):
    """Before validation the statistics of batch norms become the first process's, as in DDP.

    So all devices score the weights and statistics that the checkpoint then holds.
    """

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for buffer in pl_module.buffers():
            torch.distributed.broadcast(buffer, src=0)


def own_part(tensor: Any) -> Tensor:
    """What this process has of a tensor: all of it, unless it is shared out."""
    # A DTensor has it; to import that type would take half a second of every start.
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def whole(tensor: Any) -> Tensor:
    """A tensor put together from what all processes have of it."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def _blocks(network: nn.Module) -> Iterator[nn.Module]:
    """The parts of the network's outermost lists that have parameters."""
    for part in network.children():
        if isinstance(part, nn.ModuleList | nn.Sequential):
            yield from (block for block in part if next(block.parameters(), None) is not None)
