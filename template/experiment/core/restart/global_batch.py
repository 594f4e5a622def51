"""The devices, batch size and accumulation that a run goes on with: the same samples a step.

Template's file: updates replace it. Free of torch.
"""

from typing import Any

from ..checkpoint.find_checkpoint import choose_resumable_best
from ..checkpoint.metadata import Metadata, read_metadata
from ..config.dump import plain
from ..config.run_config import RunConfig
from ..errors import UserError
from ..runs.run import Run


def check_global_batch(run: Run, config: RunConfig, metadata: Metadata, processes: int) -> None:
    """Refuse devices, batch sizes and accumulations that would make other steps of the same data.

    Args:
        run: The run that goes on.
        config: What holds now.
        metadata: The checkpoint that it goes on from.
        processes: Devices that train now, over all machines.

    Raises:
        UserError: Their product is another, or an epoch has begun.
    """
    then, now = _samples(metadata), (processes, *_batches(plain(config)))
    if then is None or then == now:
        return
    total, count = then[0] * then[1] * then[2], now[0] * now[1] * now[2]
    if total != count:
        raise UserError(
            f"run {run.name} makes steps of {total} samples ({_product(then)}), "
            f"now they would be of {count} ({_product(now)}); {_equal(total, now)}"
        )
    if metadata.batch:
        keys = ("trainer.devices", "data.batch_size", "trainer.accumulate_grad_batches")
        names = [key for key, a, b in zip(keys, then, now, strict=True) if a != b]
        raise in_mid_epoch(run, metadata, " and ".join(names))


def _samples(metadata: Metadata) -> tuple[int, int, int] | None:
    """Devices, batch size and accumulation, as a checkpoint was trained with."""
    processes = metadata.needs.get("processes")
    return (processes, *_batches(metadata.config)) if processes and metadata.config else None


def _batches(config: Any) -> tuple[int, int]:
    return config["data"]["batch_size"], config["trainer"]["accumulate_grad_batches"]


def _product(samples: tuple[int, int, int]) -> str:
    devices, batch_size, accumulated = samples
    return (
        f"{devices} device{'s' if devices > 1 else ''} x data.batch_size={batch_size} "
        f"x trainer.accumulate_grad_batches={accumulated}"
    )


def _equal(total: int, now: tuple[int, int, int]) -> str:
    """What keeps the number of samples equal."""
    devices, batch_size, accumulated = now
    values = []
    if total % (devices * accumulated) == 0:
        values.append(f"data.batch_size={total // (devices * accumulated)}")
    if total % (devices * batch_size) == 0:
        values.append(f"trainer.accumulate_grad_batches={total // (devices * batch_size)}")
    if values:
        return f"{' or '.join(values)} keeps it equal"
    if total % devices == 0:
        return f"data.batch_size={total // devices} without accumulation keeps it equal"
    return f"no batch size keeps it equal on {devices} devices: take a number that divides {total}"


def in_mid_epoch(run: Run, metadata: Metadata, key: str) -> UserError:
    """The refusal of a change that has to wait for the next epoch, with what can be done."""
    ways = ["let the epoch end with the old value"]
    try:
        best = read_metadata(choose_resumable_best(run.checkpoints).path)
        if best.batch == 0:
            ways.append(f"use --resume best, which starts at epoch {best.epoch + 1}")
    except UserError:
        pass  # there is none
    return UserError(
        f"{key} may change only where an epoch starts, and run {run.name} stands at "
        f"{metadata.place}; {', or '.join(ways)}"
    )
