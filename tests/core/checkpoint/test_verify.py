"""Whatever lies where ``last.ckpt`` should: the one before is taken, and the end is the same."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from harness.copy_project import copy_project
from harness.experiment import Experiment, RunFolder, Server
from projects import Project

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]


def truncated(path: Path, content: bytes) -> None:
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path, content: bytes) -> None:
    path.write_bytes(b"")


def random(path: Path, content: bytes) -> None:
    path.write_bytes(b"\0" + os.urandom(len(content)))


def bit_flipped(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda member: member.file_size)
        place = content.index(archive.read(largest))
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])


def other_zip(path: Path, content: bytes) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "the sea")


def bare_weights(path: Path, content: bytes) -> None:
    torch.save({"layer.weight": torch.zeros(2)}, path)


def folder(path: Path, content: bytes) -> None:
    path.mkdir()
    (path / "kept").write_text("dear to somebody")


def misleading(path: Path, content: bytes) -> None:
    """Every key is there, but not what they should hold."""
    keys = ("state_dict", "loops", "global_step", "pytorch-lightning_version")
    torch.save(dict.fromkeys(keys, 0), path)


def other_model(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    saved = torch.load(path, weights_only=True)
    name, weight = next((n, w) for n, w in saved["state_dict"].items() if w.dim() > 1)
    saved["state_dict"][name] = torch.zeros(2 * len(weight), *weight.shape[1:])
    torch.save(saved, path)


DAMAGES: dict[Callable[[Path, bytes], None], str] = {
    truncated: "damaged",
    empty: "empty",
    random: "no checkpoint",
    bit_flipped: "damaged",
    other_zip: "no checkpoint of a training",
    bare_weights: "no checkpoint of a training",
    folder: "a folder",
    misleading: "no checkpoint of a training",
    other_model: "of another model",
}


def spoil(run: RunFolder, name: str, damage: Callable[[Path, bytes], None]) -> None:
    """Put something else in the place of a checkpoint; other names of it stay whole."""
    path = run / "checkpoints" / name
    content = path.read_bytes()
    path.unlink()
    damage(path, content)


@pytest.fixture(scope="module")
def killed(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Experiment:
    """A run that was killed in its third epoch, to be copied."""
    path = tmp_path_factory.mktemp("killed") / "experiment"
    copy_project(default_project.path, path)
    experiment = Experiment(path, server)
    experiment.killed("on_train_batch_start", 17)
    return experiment


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_the_one_before_is_taken_and_the_end_is_the_same(
    damage: Callable[[Path, bytes], None],
    killed: Experiment,
    tmp_path: Path,
    undisturbed: Undisturbed,
) -> None:
    experiment = killed.copy(tmp_path / "experiment")
    run = experiment.run("a")
    spoil(run, "last.ckpt", damage)

    done = experiment.fit("--name", "a")

    assert done.returncode == 0, done.stderr
    assert f"runs/a/checkpoints/last.ckpt is {DAMAGES[damage]}" in done.stdout
    assert "epoch 2, batch 1 of 7, from last.previous.ckpt (step 7)" in done.stdout
    assert run.weights() == undisturbed().weights()
    assert run.metrics() == undisturbed().metrics()
    assert run.checkpoints == sorted([*undisturbed().checkpoints, "last.set-aside-1.ckpt"])


def test_where_both_are_damaged_a_sentence_says_what_to_do(
    killed: Experiment, tmp_path: Path
) -> None:
    experiment = killed.copy(tmp_path / "experiment")
    run = experiment.run("a")
    spoil(run, "last.ckpt", truncated)
    spoil(run, "last.previous.ckpt", bit_flipped)

    refused = experiment.fit("--name", "a")

    assert refused.returncode == 2
    assert refused.stderr == (
        "runs/a/checkpoints/last.ckpt is damaged and runs/a/checkpoints/last.previous.ckpt is "
        "damaged; use 'best', or train anew under another --name\n"
    )


def test_a_model_that_was_changed_is_a_sentence(killed: Experiment, tmp_path: Path) -> None:
    experiment = killed.copy(tmp_path / "experiment")
    run = experiment.run("a")
    spoil(run, "last.ckpt", other_model)
    spoil(run, "last.previous.ckpt", other_model)

    refused = experiment.fit("--name", "a")

    assert refused.returncode == 2
    (sentence,) = refused.stderr.splitlines()
    assert sentence.startswith("runs/a/checkpoints/last.ckpt does not fit the model as it is now: ")
    assert "size mismatch" in sentence


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="root reads everything")
def test_a_checkpoint_of_somebody_else_is_passed_over(killed: Experiment, tmp_path: Path) -> None:
    experiment = killed.copy(tmp_path / "experiment")
    (experiment.run("a") / "checkpoints/last.ckpt").chmod(0)
    program = (
        "from pathlib import Path; "
        "from experiment.core.checkpoint.find_checkpoint import choose_last; "
        "print(*choose_last(Path('runs/a/checkpoints')), sep='; ')"
    )
    ordinary = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]

    done = subprocess.run(
        [*ordinary, sys.executable, "-c", program],
        cwd=experiment.path,
        capture_output=True,
        text=True,
    )

    assert done.stdout == (
        "runs/a/checkpoints/last.previous.ckpt; "
        "runs/a/checkpoints/last.ckpt is not readable (permission denied)\n"
    ), done.stderr


def test_a_save_that_was_killed_leaves_no_litter(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    experiment.killed("os.fsync", 3)  # the file, its folder, and the second save's file

    assert ".last.ckpt.tmp" in experiment.run("a").checkpoints
    assert list(experiment.temporary.iterdir()) == []
    run = experiment.trained()
    assert run.checkpoints == undisturbed().checkpoints
    assert list(experiment.temporary.iterdir()) == []
    assert run.weights() == undisturbed().weights()
