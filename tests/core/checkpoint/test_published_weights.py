"""Weights as people publish them: what is taken, and what is a sentence."""

import argparse
import gzip
import json
import pickle
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from modules import modules_of
from torch import Tensor, nn

safetensors = pytest.importorskip("safetensors.torch")
State = dict[str, Tensor]


class Net(nn.Module):
    """A network of which two layers are of one shape."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.stem = nn.Linear(4, 8)
        self.blocks = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 8))
        self.head = nn.Linear(8, classes)


class Owner(nn.Module):
    """What a LightningModule is: it has a network."""

    def __init__(self, network: nn.Module, name: str = "model") -> None:
        super().__init__()
        self.add_module(name, network)


class Core:
    """What core does about weights."""

    def __init__(self, modules: Callable[[str], Any]) -> None:
        self.file = modules("core.checkpoint.weights_file")
        self.taking = modules("core.checkpoint.weights_from")
        self.named_as = modules("core.checkpoint.weight_names").named_as
        self.UserError: type[Exception] = modules("core.errors").UserError
        self._read = modules("core.checkpoint.read_weights").read_weights
        self._run = modules("core.runs.run").Run

    def read(self, path: Path, key: str | None = None) -> State:
        return self._read(self.file.files_of(path), path.name, key)

    def taken(
        self, module: nn.Module, content: State, folder: Path
    ) -> tuple[dict[str, Any], list[str]]:
        """The record of weights that were taken, and what was said."""
        (folder / "weights-from").mkdir()
        saved(folder / "weights-from", content)
        record = {"wanted": "w.pth", "checkpoint": "w.pth"}
        run = self._run(folder, summary={"weights_from": record})
        said: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.taking, "say", said.append)
            self.taking.take_weights(module, run)
        return run.summary["weights_from"], said


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    for modules in modules_of("image_classification", tmp_path_factory.mktemp("project")):
        yield Core(modules)


@pytest.fixture
def state() -> State:
    torch.manual_seed(0)
    return Net().state_dict()


def prefixed(state: State, prefix: str) -> State:
    return {f"{prefix}{name}": value for name, value in state.items()}


def saved(tmp_path: Path, content: Any, name: str = "w.pth", **options: Any) -> Path:
    torch.save(content, tmp_path / name, **options)
    return tmp_path / name


def same(found: State, state: State) -> bool:
    return found.keys() == state.keys() and all(torch.equal(found[k], state[k]) for k in state)


# --- where in a file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"model": state, "epoch": 3, "optimizer": {"state": {0: {"exp": state}}}},
        lambda state: {"state_dict": state, "mean": torch.zeros(3)},
        lambda state: {"model_state_dict": state, "scheduler": {"last_epoch": 2}},
        lambda state: {"net": state},
        lambda state: {"weights": {"params": state}},
        lambda state: {"whatever": state, "step": torch.tensor(3.0)},
        lambda state: {"student": state, "centre": {"centre": torch.zeros(2)}},
        lambda state: {
            "state_dict": state,
            "current_model_state": state,
            "ema": state,
            "pytorch-lightning_version": "2.6.0",
        },
        lambda state: {"model": state, "args": argparse.Namespace(lr=0.1), "best": np.float64(3)},
    ],
)
@pytest.mark.parametrize("is_zip", [True, False])
def test_one_set_of_weights_is_found_wherever_it_is(
    core: Core, wrap: Callable[[State], Any], state: State, tmp_path: Path, is_zip: bool
) -> None:
    path = saved(tmp_path, wrap(state), _use_new_zipfile_serialization=is_zip)

    assert same(core.read(path), state)


def test_several_sets_are_refused_and_one_can_be_named(
    core: Core, state: State, tmp_path: Path
) -> None:
    other = {name: value + 1 for name, value in state.items()}
    path = saved(tmp_path, {"model": state, "model_ema": {"module": other}, "epoch": 2})

    with pytest.raises(
        core.UserError, match=r"several sets of weights, model, model_ema.module: say "
    ):
        core.read(path)
    with pytest.raises(core.UserError, match=r"w.pth has no emma; it has model, model_ema.module"):
        core.read(path, "emma")
    assert same(core.read(path, "model"), state)
    assert same(core.read(path, "model_ema"), other)
    assert same(core.read(path, "model_ema.module"), other)


def test_a_part_of_one_set_can_be_named(core: Core, state: State, tmp_path: Path) -> None:
    other = {name: value + 1 for name, value in state.items()}
    path = saved(tmp_path, {**prefixed(state, "teacher."), **prefixed(other, "student.")})
    present = prefixed(state, "model.")

    with pytest.raises(
        core.UserError, match=r"begin with teacher, student: say which, such as w.pth:t"
    ):
        core.named_as(present, core.read(path), "w.pth")
    with pytest.raises(core.UserError, match=r"w.pth has no teach; it has teacher, student"):
        core.read(path, "teach")
    assert same(core.read(path, "student"), other)


# --- what kind of file ----------------------------------------------------------------------------


def test_every_format_gives_the_same(core: Core, state: State, tmp_path: Path) -> None:
    safetensors.save_file(state, tmp_path / "a.safetensors")
    arrays: dict[str, Any] = {name: value.numpy() for name, value in state.items()}
    np.savez(tmp_path / "a.npz", **arrays)
    paths = [
        saved(tmp_path, state),
        saved(tmp_path, {"model": state}, "old.pt", _use_new_zipfile_serialization=False),
        (tmp_path / "a.safetensors").rename(tmp_path / "safetensors.bin"),  # by what is in it
        tmp_path / "a.npz",
    ]

    assert all(same(core.read(path), state) for path in paths)


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_shards_are_one_file(core: Core, state: State, tmp_path: Path, suffix: str) -> None:
    names = list(state)
    index = tmp_path / f"model.{suffix}.index.json"
    weight_map = {}
    for number, part in enumerate((names[:4], names[4:])):
        file = f"model-{number}.{suffix}"
        content = {name: state[name] for name in part}
        save: Any = safetensors.save_file if suffix == "safetensors" else torch.save
        save(content, tmp_path / file)
        weight_map |= dict.fromkeys(part, file)
    index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    saved(tmp_path, {"state": {}}, "optimizer.pt")  # beside them, no weights

    assert same(core.read(tmp_path), state)
    assert same(core.read(index), state)
    (tmp_path / f"model-1.{suffix}").unlink()
    with pytest.raises(
        core.UserError, match=f"names 2 files, of which 1 are missing: model-1.{suffix}"
    ):
        core.read(tmp_path)


def test_a_folder_stands_for_its_one_file(core: Core, state: State, tmp_path: Path) -> None:
    saved(tmp_path, state, "pytorch_model.bin")
    (tmp_path / "config.json").write_text("{}")

    assert same(core.read(tmp_path), state)
    safetensors.save_file(state, tmp_path / "model.safetensors")  # the same in another format
    assert core.file.files_of(tmp_path) == [tmp_path / "model.safetensors"]
    saved(tmp_path, state, "other.pt")
    with pytest.raises(
        core.UserError, match=r"several files of weights: name one of model.safetensors"
    ):
        core.read(tmp_path)


def test_without_the_package_a_sentence_says_what_to_type(
    core: Core, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safetensors.save_file(state, tmp_path / "a.safetensors")
    monkeypatch.setattr(core.file, "find_spec", lambda _: None)

    with pytest.raises(core.UserError, match=r"needs the package; uv add safetensors$"):
        core.read(tmp_path / "a.safetensors")


class Bomb:
    """What runs as soon as it is unpickled."""

    def __reduce__(self) -> Any:
        return open, (str(Path.cwd() / "exploded"), "w")


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/model.pth", b"x")


def tarred(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "model.pth")


def damaged(path: Path) -> None:
    torch.save(Net().state_dict(), path)
    path.write_bytes(path.read_bytes()[:-700])


def shares(path: Path) -> None:
    path.mkdir()
    (path / ".metadata").write_bytes(b"")
    (path / "__0_0.distcp").write_bytes(b"")


def deep_speed(path: Path) -> None:
    path.mkdir()
    (path / "zero_to_fp32.py").write_text("")


def traced(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and lies about all the same
        program: Any = torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2))
    program.save(str(path))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n"),
         "a pointer of Git LFS, not the file itself: fetch it with `git lfs pull`"),
        (lambda p: p.write_text("\n<!DOCTYPE html>\n<html><title>Sign in</title>"),
         "is a web page, not weights"),
        (lambda p: torch.save(Net(), p), "holds a whole object, a Net, whose code would have to"),
        (lambda p: torch.save({"model": Net(), "epoch": 1}, p), "holds a whole object, a Net"),
        (lambda p: torch.save({"model": Bomb()}, p), "holds a whole object, a open"),
        (lambda p: torch.save({"model": Bomb()}, p, _use_new_zipfile_serialization=False),
         "holds a whole object, a open"),
        (lambda p: p.write_bytes(pickle.dumps({"v": 1}, 2)), "a pickle of something else"),
        (lambda p: p.write_bytes(pickle.dumps({"w": np.zeros(3)})), "is a pickle of something"),
        (zipped, r"a zip of something else \(it holds weights/model.pth\): unpack it"),
        (tarred, "a tar archive: unpack it first"),
        (damaged, "is damaged"),
        (traced, "is a program of TorchScript"),
        (shares, "python -m pytorch_lightning.utilities.consolidate_checkpoint"),
        (deep_speed, "is a checkpoint of DeepSpeed's; make one file of it: python .*zero_to_fp32"),
        (lambda p: p.write_bytes(gzip.compress(b"x")), "compressed by gzip"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n"), "is HDF5, as Keras writes it"),
        (lambda p: p.write_text("a,b\n1,2\n"), "is no file of weights that is known here"),
        (lambda p: torch.save({"epoch": 3}, p), "has no weights by name: it holds epoch"),
        (lambda p: torch.save([torch.zeros(3)], p), "has no weights by name: it holds a list"),
        (lambda p: p.mkdir(), "is a folder without weights"),
        (lambda p: np.savez(p.open("wb"), a=np.array([{}])), "an array cannot be read as numbers"),
    ],
)  # fmt: skip
def test_what_is_no_weights_is_a_sentence_and_nothing_runs(
    core: Core,
    make: Callable[[Path], Any],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "w.pth")

    with pytest.raises(core.UserError, match=says) as refused:
        core.read(tmp_path / "w.pth")

    assert len(str(refused.value).splitlines()) == 1
    assert not (tmp_path / "exploded").exists()


# --- under which names ----------------------------------------------------------------------------


@pytest.mark.parametrize("here", ["", "model.", "network.", "model.backbone."])
@pytest.mark.parametrize(
    "there", ["", "module.", "_orig_mod.", "model.", "module._orig_mod.", "network.", "encoder."]
)
def test_what_stands_before_the_names_is_exchanged(
    core: Core, state: State, there: str, here: str
) -> None:
    found, said = core.named_as(prefixed(state, here), prefixed(state, there), "w.pth")

    assert same(found, prefixed(state, here))
    assert bool(said) == (there.replace("_orig_mod.", "") != here)


def test_a_backbone_is_taken_out_of_what_it_was_in(core: Core, state: State) -> None:
    present = prefixed({k: v for k, v in state.items() if not k.startswith("head")}, "model.")
    file = {**prefixed(state, "encoder.module."), "projector.weight": torch.zeros(8, 8)}

    found, said = core.named_as(present, file, "w.pth")
    fit = core.taking.compare(present, found)

    assert not fit.anew
    assert fit.left_out == ["projector.weight", "model.head.weight", "model.head.bias"]
    assert said == "encoder.module.* there is model.* here"


def test_a_layer_that_looks_alike_is_no_reason_to_rename(core: Core, state: State) -> None:
    present = prefixed(state, "model.")
    file = {"fc.weight": state["head.weight"], "fc.bias": state["head.bias"]}
    file |= {f"layers.{n}.filter": torch.zeros(5, n + 1) for n in range(9)}

    found, said = core.named_as(present, file, "w.pth")

    assert not said
    assert not core.taking.compare(present, found).loaded


def test_names_that_fit_stay_even_where_a_change_would_fit_too(core: Core, state: State) -> None:
    present = {**prefixed(state, "online."), **prefixed(state, "target.")}

    found, said = core.named_as(present, present, "w.pth")

    assert same(found, present)
    assert not said


# --- what a run says and has ----------------------------------------------------------------------


def test_half_precision_is_cast_and_said(core: Core, state: State, tmp_path: Path) -> None:
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    module = Owner(Net())

    _, said = core.taken(module, prefixed(half, "module."), tmp_path)

    assert said == [
        "weights of w.pth: 13 of 13 loaded, no optimizer state",
        "  names        module.* there is model.* here",
        "  numbers      float16 to float32",
    ]
    loaded = module.state_dict()
    assert {v.dtype for v in loaded.values()} == {torch.float32, torch.int64}
    assert all(torch.equal(loaded[f"model.{k}"], v.to(state[k].dtype)) for k, v in half.items())


def test_another_head_is_listed(core: Core, state: State, tmp_path: Path) -> None:
    record, said = core.taken(Owner(Net(classes=7)), state, tmp_path)

    assert said[0] == "weights of w.pth: 11 of 13 loaded, no optimizer state"
    assert said[2:] == [
        "  starts anew  model.head.weight: (3, 8) there, (7, 8) here",
        "  starts anew  model.head.bias: (3,) there, (7,) here",
    ]
    assert set(record["anew"]) == {"model.head.weight", "model.head.bias"}


def test_little_is_a_warning_and_nothing_an_error(core: Core, state: State, tmp_path: Path) -> None:
    stem = {k: v for k, v in state.items() if k.startswith("stem")}
    _, said = core.taken(Owner(Net()), stem, tmp_path)

    assert said[-1].startswith("WARNING: these are 18% of this model's parameters")
    (tmp_path / "b").mkdir()
    turned = {k: v.T.repeat(2, 1) for k, v in state.items() if v.dim() == 2}
    with pytest.raises(
        core.UserError, match=r"no name and shape fits this model.*of another shape: "
    ):
        core.taken(Owner(Net()), prefixed(turned, "model."), tmp_path / "b")


def test_whole_numbers_are_no_weights_of_floats(core: Core, state: State, tmp_path: Path) -> None:
    quantized = {**state, "stem.weight": state["stem.weight"].to(torch.int8)}

    record, _ = core.taken(Owner(Net()), quantized, tmp_path)

    assert record["anew"] == {"model.stem.weight": "int8 there, float32 here"}


def test_a_shared_weight_is_there_under_either_name(core: Core, tmp_path: Path) -> None:
    module = nn.ModuleDict({"embed": nn.Embedding(5, 4), "head": nn.Linear(4, 5, bias=False)})
    module["head"].weight = module["embed"].weight

    record, said = core.taken(module, {"embed.weight": torch.ones(5, 4)}, tmp_path)

    assert not record["anew"]
    assert said == ["weights of w.pth: 1 of 1 loaded, no optimizer state"]
