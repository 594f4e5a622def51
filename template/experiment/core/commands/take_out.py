"""What ``main.py export`` does: find the network, write it, read it back, say how it is used.

Template's file: updates replace it. The run's folder ``export`` holds what the last export wrote.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.utils.data import DataLoader

from ..checkpoint.match_model import fitting_weights
from ..console import say
from ..data.datamodule import DataModule
from ..data.datasets import Subset, is_stream, num_examples
from ..data.sampling import BatchKey
from ..errors import FINISHED, UserError, in_a_line
from ..export import formats
from ..export.check import BATCHES
from ..export.find_network import WRITE, Found, network_named, network_of, outermost_calls
from ..export.preprocessing import OWN_FACTS, TOKENIZER, facts_of, preprocessing
from ..export.write_example import Asked, write_example
from ..files import shown, write_json, write_text
from ..loggers.wandb_files import log_file
from ..runs.disk_errors import unwritable
from ..runs.run import Run
from ..trainer.design_checks import has_split

FOLDER, PREPROCESSING = "export", "preprocessing.json"
MOST = max(BATCHES)
SPLITS = ("test", "val", "train")


def take_out(config: Any, build: Any, run: Run, checkpoint: Path, wanted: tuple[str, ...]) -> int:
    """Carry out ``export``; the exit code.

    Raises:
        UserError: What is exported was not understood, or has no such form; whatever has one is
            written all the same.
    """
    formats.refuse_missing(wanted)
    wandb, trained_with = config.logger.wandb, config.trainer.precision
    _alone(config)
    parts = build(config, run)
    config.logger.wandb = wandb
    batch = _real_batch(parts[0])
    found, answer = _observed(parts, checkpoint, batch)
    say(f"network   {found.name}: {', '.join(found.inputs)} -> {', '.join(found.outputs)}")
    if found.times > 1:
        say(f"          called {found.times} times for a batch; what is written is one call")
    if trained_with != config.trainer.precision:
        say(f"          in 32 bits; predict computes in {trained_with}")
    folder, unfinished = run.folder / FOLDER, run.folder / f".{FOLDER}.tmp"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        program, troubles = _write_formats(found, unfinished, wanted)
        _write_beside(found, program, parts, (batch, answer), unfinished)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except OSError as error:
        raise unwritable(folder, error) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    say(f"written   {shown(folder)}: {', '.join(sorted(file.name for file in folder.iterdir()))}")
    _tell_wandb(run, config, folder / formats.ONNX)
    if troubles:
        raise UserError("\n".join(troubles))
    return FINISHED


def _tell_wandb(run: Run, config: Any, onnx: Path) -> None:
    """Put the ONNX file among the run's files there, where no training writes to them."""
    if not onnx.exists():
        return
    if run.status == "running":
        say(f"W&B       not told: {run.name} is under way, or was killed")
    elif where := log_file(run, config.logger, onnx):
        say(f"W&B       {onnx.name} is among the run's files: {where}")


def _alone(config: Any) -> None:
    """One process on the CPU, in 32 bits, that logs nothing."""
    trainer = config.trainer
    trainer.accelerator, trainer.devices, trainer.num_nodes, trainer.strategy = "cpu", 1, 1, "auto"
    trainer.precision, trainer.compile, trainer.progress_bar = "32-true", False, False
    config.logger.wandb, config.logger.tensorboard = "off", False


# --- what is exported ----------------------------------------------------------------------------


def _real_batch(data: Any) -> Any:
    """Real examples as ``predict`` gets them: a few, or the first batch of a loader."""
    data.prepare_data()
    data.setup("fit")
    dataset = _countable(data)
    if dataset is not None:
        chosen = np.arange(MOST) % num_examples(dataset)
        return data.fetch("predict", Subset(dataset, chosen))[BatchKey(0, 0, np.arange(MOST))]
    for split in ("predict", *SPLITS):
        if has_split(data, split):
            for batch in getattr(data, f"{split}_dataloader")():
                return batch
    raise UserError("export: the data gives no batch to look at the network with")


def _countable(data: Any) -> Any:
    """Examples that have numbers; None of streams, and of a plain LightningDataModule."""
    if not isinstance(data, DataModule):
        return None
    for split in dict.fromkeys((*SPLITS, *data.datasets)):
        if data.holds(split) and not is_stream(data.datasets[split]):
            return data.examples(split)
    return None


def _observed(parts: tuple[Any, Any, Any], checkpoint: Path, batch: Any) -> tuple[Found, Any]:
    """The network with the checkpoint's weights, and what ``predict_step`` says of the batch."""
    data, module, trainer = parts
    kept: list[Any] = []
    step = module.predict_step

    def observe(batch: Any, batch_idx: int) -> Any:
        kept[:] = [*_asked(module, step, batch)]
        return kept[1]

    module.__dict__["predict_step"] = observe  # so all is as in `predict`: weights, modes, hooks
    try:
        with fitting_weights(checkpoint):
            trainer.predict(module, _loader(batch), ckpt_path=checkpoint, weights_only=True)
    finally:
        del module.__dict__["predict_step"]
    module.eval()
    source, answer = kept
    found = _network(module, source)
    sizes = {len(tensor) for tensor in found.inputs.values() if tensor.ndim}
    if _countable(data) is None and len(sizes) == 1:  # a batch of a loader's own size
        chosen = torch.arange(MOST) % sizes.pop()
        found.inputs = {name: tensor[chosen] for name, tensor in found.inputs.items()}
    return found, answer


def _network(module: Any, source: Any) -> Found:
    """By the calls that were seen, or by what module.py returns."""
    return network_of(module, source) if isinstance(source, list) else network_named(module, source)


def _loader(batch: Any) -> "DataLoader[Any]":
    """Of one batch, as it is; Lightning takes a list of them for several loaders."""
    batches: Any = [batch]
    return DataLoader(batches, batch_size=None, collate_fn=_as_it_is)


def _as_it_is(batch: Any) -> Any:
    return batch


def _asked(module: Any, step: Any, batch: Any) -> tuple[Any, Any]:
    """What says which network it is, the calls or what module.py returns, and the answer.

    Raises:
        UserError: ``predict_step`` fails, and module.py does not name the network.
    """
    hook = getattr(module, "network_to_export", None)
    named = None if hook is None else hook(batch)
    answer, trouble = None, None
    with outermost_calls(module) as calls:
        try:
            answer = step(batch, 0)
        except Exception as error:  # it is the researcher's
            trouble = error
    if named is not None:
        return named, answer
    if trouble is not None:
        raise UserError(f"export: predict_step in module.py fails ({in_a_line(trouble)}); {WRITE}")
    return calls, answer


# --- what is written -----------------------------------------------------------------------------


def _write_formats(
    found: Found, folder: Path, wanted: tuple[str, ...]
) -> tuple[ExportedProgram | None, list[str]]:
    """The network in each wanted form that it has; the graph, and why it has not the others."""
    troubles: list[str] = []
    program = None
    if "weights" in wanted:
        formats.write_weights(found, folder / formats.WEIGHTS)
        say(f"weights   {formats.WEIGHTS}, {_size(folder / formats.WEIGHTS)}")
    for form, write, name in (
        ("onnx", formats.write_onnx, formats.ONNX),
        ("torch", formats.write_torch, formats.TORCH),
    ):
        if form not in wanted:
            continue
        try:
            program = program or formats.traced(found)
            apart = write(found, program, folder / name)
        except UserError as error:
            (folder / name).unlink(missing_ok=True)
            troubles += [str(error)] if str(error) not in troubles else []
            continue
        batches = ", ".join(map(str, BATCHES))
        say(
            f"{form:<9} {name}, {_size(folder / name)}: at most {apart:.1g} from torch for batches "
            f"of {batches}"
        )
        if form == "torch" and formats.needs_torchvision(program):
            say(f"          {name} has operators of torchvision: import torchvision to load it")
    if not any(folder.iterdir()):
        raise UserError("\n".join(troubles))
    return program, troubles


def _write_beside(
    found: Found,
    program: ExportedProgram | None,
    parts: tuple[Any, Any, Any],
    shown_to: tuple[Any, Any],
    folder: Path,
) -> None:
    """How items become inputs, and a program that uses the network."""
    data, module, _ = parts
    batch, answer = shown_to
    known = preprocessing(found, program, data, getattr(module, "config", None), batch)
    if TOKENIZER in known:
        write_text(folder / known[TOKENIZER], facts_of(data)[TOKENIZER])
    write_json(folder / PREPROCESSING, known)
    if program is None or not (head := _head(folder, program)):
        say("example   none: weights alone need the network's code, model.py")
        return

    def ask(file: Path) -> tuple[Sequence[Tensor], Mapping[str, Any]]:
        fetch = data.fetch("predict", data.predict_dataset(file))
        with torch.no_grad():
            source, said = _asked(module, module.predict_step, fetch[BatchKey(0, 0, np.arange(1))])
        return list(_network(module, source).inputs.values()), said

    config = getattr(module, "config", None)
    fit, shows = write_example(folder, known, Asked(found, answer, ask, config), head)
    say(f"example   example.py {shows}")
    if fit:
        known["image"]["fit"] = fit
    elif TOKENIZER not in known and "image" in known:
        known["not_known"].append(OWN_FACTS.format("an image of that size"))
    write_json(folder / PREPROCESSING, known)
    for line in known["not_known"]:
        say(f"not known {line}")


def _head(folder: Path, program: ExportedProgram) -> str:
    """What example.py begins with: the network in the form that needs least."""
    if (folder / formats.ONNX).exists():
        return "onnx_network"
    if not (folder / formats.TORCH).exists():
        return ""
    return "torchvision_network" if formats.needs_torchvision(program) else "torch_network"


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.3g} MB"
