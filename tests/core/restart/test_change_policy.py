"""A run that goes on with another configuration: what may change, what it does, what is refused."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from assemble import Package, assemble
from harness.experiment import Experiment, RunFolder, replace

LR = "lr-AdamW/pg1"
EARLY = "callbacks.early_stopping={patience: 1, min_delta: 9.0}"
EVERY_2 = "checkpoint.every_n_steps=2"
slow = pytest.mark.slow


def cosine(step: int, total: int, peak: float = 0.002) -> float:
    """The learning rate of the default schedule."""
    warmup = round(0.05 * total)
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (total - warmup)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def learning_rates(run: RunFolder) -> dict[int, float]:
    """The logged learning rate of each step."""
    return {step: value for (step, name), value in run.metrics().items() if name == LR}


def state(run: RunFolder) -> dict[str, bytes]:
    """What a refused start must leave as it was."""
    names = ("config.yaml", "summary.json", "changes.json", "metrics.jsonl")
    return {name: (run / name).read_bytes() for name in names if (run / name).exists()}


# --- how long ------------------------------------------------------------------------------------


@slow
def test_more_epochs_have_the_schedule_of_the_new_length(experiment: Experiment) -> None:
    experiment.trained()

    done = experiment.fit("--name", "a", "--epochs", "5")

    assert (
        "trainer.max_epochs: 5 from now on (was 3): "
        "the schedule is computed anew over the new length\n"
    ) in done.stdout
    rates = learning_rates(experiment.run("a"))
    assert {step: rates[step] for step in range(21)} == pytest.approx(
        {step: cosine(step, 21) for step in range(21)}
    )
    assert {step: rates[step] for step in range(21, 35)} == pytest.approx(
        {step: cosine(step, 35) for step in range(21, 35)}
    )


@slow
def test_more_epochs_change_the_rest_of_a_run_that_was_killed(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 12, EVERY_2)

    run = experiment.trained(EVERY_2, "--epochs", "4")
    again = experiment.fit("--name", "a", EVERY_2, "--epochs", "3")
    fewer = experiment.fit("--name", "a", EVERY_2, "--epochs", "3", "--resume", "last")

    # Steps 9 and 10 were made before the kill, and again after it.
    rates = {row["step"]: row[LR] for row in run.rows() if LR in row}
    assert rates[8] == pytest.approx(cosine(8, 21))
    assert {step: rates[step] for step in range(9, 28)} == pytest.approx(
        {step: cosine(step, 28) for step in range(9, 28)}
    )
    assert "a is finished after 4 epochs; for more give --epochs 5 or more" in again.stdout
    assert fewer.returncode == 2
    assert fewer.stderr == "trainer.max_epochs=3: run a has done 4; give 4 or more\n"


@slow
def test_a_run_that_stopped_early_goes_on_when_more_is_asked_for(experiment: Experiment) -> None:
    experiment.trained(EARLY, "--epochs", "9")

    again = experiment.fit("--name", "a", EARLY, "--epochs", "9")
    more = experiment.fit("--name", "a", EARLY, "--epochs", "12")
    epochs = experiment.run("a").summary["epochs"]
    patient = EARLY.replace("patience: 1", "patience: 3")
    experiment.trained(patient, "--epochs", "12")
    longest = experiment.run("a").summary["epochs"]
    experiment.trained("--epochs", "12")

    assert (
        "a is finished, stopped early after 2 of 9 epochs; for more give --epochs 10 or more "
        "(patience begins anew), for a new run another --name\n"
    ) in again.stdout
    assert "over the new length, and early stopping's patience begins anew\n" in more.stdout
    assert (epochs, longest, experiment.run("a").summary["epochs"]) == (3, 5, 12)


# --- another experiment --------------------------------------------------------------------------


@slow
def test_a_change_that_is_allowed_is_recorded_and_takes_effect(experiment: Experiment) -> None:
    experiment.killed("on_train_epoch_start", 3)
    words = ("optimizer.learning_rate=0.5", "optimizer.weight_decay=0.3", "model.dropout=0.0")

    done = experiment.fit("--name", "a", *words, "--allow-change")

    assert done.returncode == 0, done.stderr
    assert (
        "optimizer.learning_rate: 0.5 from now on (was 0.002): recorded in runs/a/changes.json\n"
    ) in done.stdout
    run = experiment.run("a")
    rates = {row["step"]: row[LR] for row in run.rows() if LR in row}
    assert rates[6] == pytest.approx(cosine(6, 21))
    assert {step: rates[step] for step in range(7, 21)} == pytest.approx(
        {step: cosine(step, 21, peak=0.5) for step in range(7, 21)}
    )
    (groups,) = (state["param_groups"] for state in run.checkpoint()["optimizer_states"])
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]
    recorded = json.loads((run / "changes.json").read_text())
    assert recorded == run.summary["changes"]
    assert {entry["key"]: (entry["before"], entry["after"]) for entry in recorded} == {
        "optimizer.learning_rate": (0.002, 0.5),
        "optimizer.weight_decay": (0.05, 0.3),
        "model.dropout": (0.1, 0.0),
    }
    assert {(entry["epoch"], entry["step"]) for entry in recorded} == {(1, 7)}


@slow
@pytest.mark.parametrize(
    ("schedule", "reduced"),
    [
        ("StepLR(optimizer, 2, 0.5)", lambda epoch: 0.5 ** (epoch // 2)),
        # The metric is best after the first epoch, and worse after each of the others.
        ("ReduceLROnPlateau(optimizer, 'max', 0.5, 0)", lambda epoch: 0.5 ** (epoch - 1)),
        (None, lambda epoch: 1.0),
    ],
    ids=["by the epoch", "by a metric", "none"],
)
def test_a_changed_learning_rate_fits_schedules_of_ones_own(
    schedule: str | None, reduced: Callable[[int], float], experiment: Experiment
) -> None:
    made = f"torch.optim.lr_scheduler.{schedule}" if schedule else "None"
    with (experiment / "experiment/module.py").open("a") as file:
        file.write(
            "\n    def configure_optimizers(self):\n"
            "        import torch\n\n"
            "        optimizer = torch.optim.SGD(\n"
            "            self.parameters(), self.config.optimizer.learning_rate\n"
            "        )\n"
            f"        schedule = {made}\n"
            "        both = {'optimizer': optimizer}\n"
            "        if schedule is not None:\n"
            "            both['lr_scheduler'] = {'scheduler': schedule, 'monitor': 'rising'}\n"
            "        return both\n\n"
            "    def on_train_epoch_start(self):\n"
            "        group = self.trainer.optimizers[0].param_groups[0]\n"
            "        print('rate', self.current_epoch, group['lr'])\n\n"
            "    def on_validation_epoch_end(self):\n"
            "        self.log('rising', -float(self.current_epoch))  # never better\n"
        )
    words = ("callbacks.learning_rate_monitor=null", "--epochs", "6")
    experiment.killed("on_train_epoch_start", 5, *words, "optimizer.learning_rate=0.001")

    done = experiment.fit("--name", "a", *words, "optimizer.learning_rate=0.004", "--allow-change")

    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("rate ")]
    rates = {int(epoch): float(rate) for _, epoch, rate in lines}
    assert rates == pytest.approx({epoch: 0.004 * reduced(epoch) for epoch in range(3, 6)})


@slow
def test_an_average_may_be_switched_on_and_off(experiment: Experiment) -> None:
    experiment.trained()

    off = experiment.fit("--name", "a", "callbacks.ema={}", "--epochs", "4")
    averaged = experiment.trained("callbacks.ema={}", "--epochs", "4", "--allow-change")
    assert "current_model_state" in averaged.checkpoint()
    done = experiment.fit("--name", "a", "--epochs", "5", "--allow-change")

    assert off.returncode == 2
    assert "with callbacks.ema=null, now it is {'decay': 0.999}; " in off.stderr
    assert done.returncode == 0, done.stderr
    assert "callbacks.ema: null from now on (was {'decay': 0.999})" in done.stdout
    assert "current_model_state" not in averaged.checkpoint()


# --- refusals ------------------------------------------------------------------------------------


@slow
def test_what_the_weights_do_not_fit_is_refused_and_leaves_no_trace(
    experiment: Experiment,
) -> None:
    run = experiment.killed("on_train_batch_start", 10)
    before = state(run)

    refused = experiment.fit("--name", "a", "model.width=8")
    tried = experiment.fit("--name", "a", "model.width=8", "--allow-change")

    assert (refused.returncode, tried.returncode) == (2, 2)
    assert refused.stderr == (
        "run a was started with model.width=4, now it is 8; go on with the old value, give the "
        "new experiment another --name, or change this one with --allow-change if its weights "
        "still fit\n"
    )
    assert tried.stderr.startswith(
        "runs/a/checkpoints/last.ckpt was trained with model.width=4, and its weights do not fit "
        "model.width=8 (size mismatch for model.stem.0.convolution.weight: "
    )
    assert tried.stderr.endswith("; give the new model another --name\n")
    assert len(tried.stderr.splitlines()) == 1
    assert state(run) == before
    assert experiment.trained().summary["status"] == "finished"


@slow
def test_facts_that_changed_are_refused(experiment: Experiment) -> None:
    run = experiment.killed("on_train_batch_start", 10)
    facts = json.loads((run / "facts.json").read_text())
    facts["class_names"] = facts["class_names"][:9]
    (run / "facts.json").write_text(json.dumps(facts))

    refused = experiment.fit("--name", "a")

    assert refused.returncode == 2
    assert refused.stderr == (
        "runs/a/facts.json: class_names is 9 entries, and a was trained with 10 entries; "
        "put the old facts back, or give the new data another --name\n"
    )


@slow
@pytest.mark.parametrize(
    "edit",
    [
        "list(self.model.parameters())[-1].requires_grad_(False)",
        "self.model._modules = dict(reversed(self.model._modules.items()))",
    ],
    ids=["another weight frozen", "weights in another order"],
)
def test_an_optimizer_of_other_weights_is_a_sentence(edit: str, experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10)
    line = "        self.model = build_model(config.model, facts)\n"
    replace(experiment / "experiment/module.py", line, f"{line}        {edit}\n")

    refused = experiment.fit("--name", "a")

    assert refused.returncode == 2
    assert "the optimizer's state is of other weights than are trained now" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@slow
def test_a_checkpoint_of_another_run_says_which(experiment: Experiment, tmp_path: Path) -> None:
    run = experiment.killed("on_train_batch_start", 10)
    assert experiment.fit("--name", "b", "model.name=vit", "--epochs", "1").returncode == 0
    other = experiment.run("b") / "checkpoints/last.ckpt"
    own = run / "checkpoints/last.ckpt"
    shutil.copy(own, tmp_path / "own.ckpt")
    own.unlink()
    shutil.copy(other, own)
    torch.save({"state_dict": {}}, tmp_path / "odd.ckpt")

    copied = experiment.fit("--name", "a")
    named = experiment.fit("--name", "c", "--resume", str(other))
    odd = experiment.fit("--name", "c", "--resume", str(tmp_path / "odd.ckpt"))
    fits = experiment.fit("--name", "c", "seed=1", "--resume", str(tmp_path / "own.ckpt"))

    of_b = " is of run b and was trained with model.name=vit, and its weights do not fit "
    for refused in (copied, named):
        assert refused.returncode == 2
        assert f"checkpoints/last.ckpt{of_b}model.name=convnet (" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert len(refused.stderr) < 500
    assert odd.stderr.endswith(
        "odd.ckpt is no checkpoint of a training; use auto, last, best, none or a path. Weights "
        "alone are what --weights-from takes, to train from\n"
    )
    assert fits.returncode == 0, fits.stderr
    assert "own.ckpt is of run a\n  seed: 1 from now on (was 0)\n" in fits.stdout


@slow
def test_a_checkpoint_states_what_it_needs(experiment: Experiment) -> None:
    run = experiment.killed("on_train_batch_start", 12, EVERY_2)
    last = run / "checkpoints/last.ckpt"
    checkpoint = run.checkpoint()
    needs = checkpoint["needs"]
    checkpoint["needs"] = {**needs, "versions": {"torch": "1.0"}, "device": "cuda"}
    torch.save(checkpoint, last)

    done = experiment.fit("--name", "a", EVERY_2)

    assert checkpoint["position"] == {"epoch": 1, "batch": 2, "batches": 7, "step": 9}
    assert (needs["run"], needs["code"]) == ("a", run.summary["code"])
    assert needs["versions"]["torch"] == torch.__version__
    assert needs["config"]["model"]["width"] == 4
    assert needs["monitor"] == {"metric": "val/loss", "value": run.series("val/loss")[0]}
    assert (needs["processes"], needs["device"]) == (1, "cpu")
    written = "runs/a/checkpoints/last.ckpt was written "
    assert f"{written}with torch 1.0, this is {torch.__version__}: bits may differ" in done.stdout
    assert f"{written}on cuda, this is cpu: bits will differ" in done.stdout


# --- devices and batches -------------------------------------------------------------------------


@slow
def test_devices_and_batches_change_between_epochs_while_a_step_keeps_its_samples(
    experiment: Experiment,
) -> None:
    run = experiment.killed("on_train_batch_start", 12, EVERY_2)
    halves = ("data.batch_size=16", "trainer.accumulate_grad_batches=2")
    before = state(run)

    def refused(*words: str) -> str:
        done = experiment.fit("--name", "a", EVERY_2, *words)
        assert done.returncode == 2
        assert state(run) == before
        return done.stderr

    assert refused("--devices", "2") == (
        "run a makes steps of 32 samples (1 device x data.batch_size=32 x "
        "trainer.accumulate_grad_batches=1), now they would be of 64 (2 devices x "
        "data.batch_size=32 x trainer.accumulate_grad_batches=1); "
        "data.batch_size=16 keeps it equal\n"
    )
    assert refused("data.batch_size=8").endswith(
        "; data.batch_size=32 or trainer.accumulate_grad_batches=4 keeps it equal\n"
    )
    wait = (
        " may change only where an epoch starts, and run a stands at epoch 2, batch 3 of 7; "
        "let the epoch end with the old value, or use --resume best, which starts at epoch 2\n"
    )
    assert refused("--devices", "2", "data.batch_size=16") == (
        f"trainer.devices and data.batch_size{wait}"
    )
    assert refused("data.augment=false", "--allow-change") == f"data.augment{wait}"
    done = experiment.fit("--name", "a", EVERY_2, *halves, "--resume", "best")
    assert done.returncode == 0, done.stderr
    assert (
        "data.batch_size: 16 from now on (was 32): "
        "the same samples a step, divided in another way: not the same bits\n"
    ) in done.stdout
    rates = {row["step"]: row[LR] for row in run.rows() if LR in row}
    assert rates == pytest.approx({step: cosine(step, 21) for step in range(21)})


@slow
def test_devices_that_only_the_machine_knows_are_compared_before_training(
    experiment: Experiment,
) -> None:
    run = experiment.killed("on_train_batch_start", 10)
    checkpoint = run.checkpoint()
    checkpoint["needs"]["processes"] = 4  # as if written on a machine with four
    torch.save(checkpoint, run / "checkpoints/last.ckpt")
    before = state(run)

    refused = experiment.fit("--name", "a")
    changed = experiment.fit("--name", "a", "--accelerator", "auto", "data.batch_size=64")

    assert (refused.returncode, changed.returncode) == (2, 2)
    assert "run a makes steps of 128 samples (4 devices x " in refused.stderr
    assert "; data.batch_size=128 or trainer.accumulate_grad_batches=4 keeps" in refused.stderr
    assert "; data.batch_size=128 or trainer.accumulate_grad_batches=2 keeps" in changed.stderr
    assert state(run) == before


# --- without torch -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("changed")))


@pytest.fixture
def changed(package: Package) -> Callable[..., dict[str, tuple[object, object]]]:
    """The settings that differ after some were set, by key: before and now."""
    settings, config = package.module("core.config.load"), package.module("config")
    arguments = package.module("core.config.cli").Namespace

    def load(*words: str) -> object:
        return settings.load_settings(config.Config, arguments(config=[], overrides=list(words)))

    def changes(before: tuple[str, ...], now: tuple[str, ...], **left_out: object) -> object:
        recorded = package.module("core.config.dump").plain(load(*before).config)  # pyright: ignore[reportAttributeAccessIssue]
        for section, name in left_out.items():
            del recorded[section][name]
        found = package.module("core.config.diff").changes_since(recorded, load(*now).config)  # pyright: ignore[reportAttributeAccessIssue]
        return {change.key: (change.before, change.now) for change in found}

    return changes  # pyright: ignore[reportReturnType]


def test_what_changed_is_found_in_sections_and_mappings(
    changed: Callable[..., dict[str, tuple[object, object]]],
) -> None:
    ema, extra = "callbacks.ema.decay=0.9", "callbacks.extra={experiment.callbacks.Mine: {n: 1}}"

    assert changed((), ()) == {}
    assert changed((), ("optimizer.betas=[0.9,0.999]",)) == {}
    assert changed((), (ema,)) == {"callbacks.ema": (None, {"decay": 0.9})}
    assert changed((ema,), ()) == {"callbacks.ema": ({"decay": 0.9}, None)}
    assert changed((ema,), ("callbacks.ema={}",)) == {"callbacks.ema.decay": (0.9, 0.999)}
    assert changed((), (extra,)) == {
        "callbacks.extra": ({}, {"experiment.callbacks.Mine": {"n": 1}})
    }
    # A setting that the record lacks is new in the template: its default was meant.
    assert changed((), (), data="num_workers", trainer="deterministic") == {}


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("trainer.devices=3",), 3),
        (("trainer.devices=3", "trainer.num_nodes=2"), 6),
        (('trainer.devices="0,2"',), 2),
        (("trainer.devices=[0, 1, 5]",), 3),
        (("trainer.accelerator=cpu",), 1),
        ((), None),
        (("trainer.devices=-1",), None),
    ],
)
def test_devices_are_counted_without_torch_where_that_is_possible(
    words: tuple[str, ...], count: int | None, package: Package
) -> None:
    arguments = package.module("core.config.cli").Namespace(config=[], overrides=list(words))
    settings = package.module("core.config.load").load_settings(
        package.module("config").Config, arguments
    )

    assert package.module("core.distributed.devices").number_of_devices(settings.config) == count
