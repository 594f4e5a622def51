"""Every benchmark that the READMEs name runs as typed there, with ``--quick``: none is timed."""

import re
from collections.abc import Callable

import pytest
from harness.experiment import Server
from harness.matrix import spanned
from projects import ROOT, TASKS, run

pytestmark = pytest.mark.slow
Typed = Callable[..., list[str]]
# Each task's metric and network are trained in core/commands/test_every_task.py, too.
OF_TABLE, OF_ALL = "custom image_classification", " ".join(TASKS)


@pytest.fixture
def typed(server: Server) -> Typed:
    """The lines that ``python benchmarks/NAME.py --quick`` prints; its exit code must be right."""

    def type_it(name: str, *words: str, code: Callable[[str], int] = lambda shown: 0) -> list[str]:
        command = [str(server.warm), f"benchmarks/{name}.py", "--quick", *words]
        done = run(command, ROOT)
        assert done.returncode == code(done.stdout), done.stdout + done.stderr
        return done.stdout.splitlines()

    return type_it


def numbers(line: str, shape: str) -> list[float]:
    """What stands in a line where its shape has a ``#``."""
    number = r"([+-]?\d+(?:\.\d+)?)"
    found = re.fullmatch(number.join(map(re.escape, shape.split("#"))), line)
    assert found, f"{line!r} has not the shape {shape!r}"
    return [float(group) for group in found.groups()]


def test_every_benchmark_of_the_readmes_is_run_here() -> None:
    for readme in ("README.md", "benchmarks/README.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        named = re.findall(r"python benchmarks/(\w+)\.py", text)
        known = {"corpus", "cost", "epoch", "learning", "listing", "sampling", "start", "step"}
        known |= {"sweeps", "findings", "looking", "network", "suspects"}
        assert set(named) == known, readme


def test_an_epoch_is_compared_with_both_loops(typed: Typed) -> None:
    lines = typed("epoch")

    shape = "epoch: ours / limit = #; per-sample / limit = #"
    assert min(numbers(lines[-1], shape)) > 0


def test_a_step_is_compared_with_a_raw_one(typed: Typed) -> None:
    lines = typed("step")

    _, mlp, cnn = numbers(lines[-1], "step: mlp # us over raw (#); cnn #")
    assert min(mlp, cnn) > 0


def test_a_start_is_compared_and_answers_come_without_torch(typed: Typed) -> None:
    lines = typed("start")

    shape = "start: ours / raw = # (# s; with W&B # s); --help # s; "
    shape += "over omegaconf: config # s, wrong key # s"
    assert numbers(lines[-1], shape)[0] > 0
    assert "torch is imported by: none of --help, config, wrong key" in lines


def test_an_epoch_and_a_start_are_compared_with_what_does_not_come_back(typed: Typed) -> None:
    lines = typed("cost")

    ratio, _ = numbers(lines[-1], "cost: epoch on / off = #; start # s")
    assert ratio > 0


def test_searching_is_compared_with_chance(typed: Typed) -> None:
    lines = typed("sweeps")

    shape = "sweeps: median best val/loss: bayes #, random #; bayes better in # of # seeds"
    assert min(numbers(lines[-1], shape)[:2]) > 0
    assert lines[-2].startswith("12 trainings in ")  # ten are shared


def test_sampling_is_compared_with_doing_without_the_cache(typed: Typed) -> None:
    lines = typed("sampling")

    shape = "sampling: the same tokens; with / without cache = #; 8 texts #"
    assert min(numbers(lines[-1], shape)) > 0


def test_listing_is_compared_with_image_folder(typed: Typed) -> None:
    lines = typed("listing")

    assert min(numbers(lines[-1], "listing: ours / ImageFolder = #; PNG #, depth # s")[:2]) > 0
    shape = ": ours # files in # s, ImageFolder # files in # s, depth in # s"
    for suffix, line in zip(("jpg", "png"), lines, strict=False):
        ours, _, theirs, _, _ = numbers(line.removeprefix(suffix), shape)
        assert ours == theirs > 0


def test_what_is_planted_is_found(typed: Typed) -> None:
    lines = typed("findings")

    assert lines[-1] == "findings: recall, precision, clean sets and peers: holds"
    kinds = ("images", "texts", "boxes", "masks")
    headings = [f"{kind}: recall and precision at 1 of 200" for kind in kinds]
    assert [line for line in lines if "recall and precision at" in line] == headings
    rows = [line.split() for line in lines if line.startswith("  ") and " ours " in line]
    others = [row[-1] for row in rows if row[:2] == ["not", "planted"]]
    assert others == ["none"] * len(kinds)
    loader = ("statistics", "same_order", "unlike_file", "values", "objects_lost")
    assert {row[0] for row in rows if row[-2] == "from"} >= set(loader)  # sixty images are enough


def test_flipped_labels_are_ranked(typed: Typed) -> None:
    lines = typed("suspects")

    shape = "suspects: average precision ours #; cleanlab is not installed: see --help"
    assert numbers(lines[-1], shape)[0] > 0.2  # chance: a share of 0.05


def test_looking_at_a_network_is_timed(typed: Typed) -> None:
    lines = typed("network")

    assert min(numbers(lines[-1], "network: looked at in # s, page # MB")) > 0


def test_looking_at_data_is_timed(typed: Typed) -> None:
    lines = typed("looking")

    assert min(numbers(lines[-1], "looking: images # s, texts # s, pages included")) > 0


def test_a_corpus_that_is_mapped_is_resumed_exactly(typed: Typed) -> None:
    lines = typed("corpus")

    shape = "corpus: # MB: private memory # MB of #; weights after SIGKILL equal; # min of #"
    assert numbers(lines[-1], shape)[0] > 0


@pytest.mark.parametrize("tasks", spanned([OF_TABLE, OF_ALL], [OF_ALL]))
def test_learning_is_compared_with_simpler_methods(typed: Typed, tasks: str) -> None:
    """A few steps may miss the bar; the exit code then has to agree with what is printed."""
    asked = tasks.split()
    lines = typed("learning", *asked, code=lambda shown: int(": MISSED\n" in shown))

    table, verdicts = "\n".join(lines), [line for line in lines if line.startswith("learning: ")]
    assert [line.split(": ")[1] for line in verdicts] == asked
    verdict = re.sub(": (holds|MISSED)$", "", lines[-1]).replace("at most", "at least")
    numbers(verdict, f"learning: {asked[-1]}: median #, bar at least #; slowest # s of # s")
    found = {name: float(value) for name, value in re.findall(r"  (\w.*?) +(\d\.\d{4})\b", table)}
    assert 0 < found["majority"] < found["logistic regression"] < found["support vectors"] <= 1
    assert {"3 nearest neighbours", "ours, seed 0"} <= set(found)
