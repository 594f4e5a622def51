"""Pictures in every form, and sounds: in the run's folder, on TensorBoard and on W&B, offline."""

import io
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules, modules_of
from PIL import Image


class Figure:
    """What a figure of matplotlib's does here."""

    def savefig(self, file: io.BytesIO, format: str) -> None:
        Image.new("RGB", (64, 48), (200, 0, 0)).save(file, format)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture
def trainer(core: Modules, tmp_path: Path) -> Any:
    """A Trainer as far as loggers see it: our own record and TensorBoard."""
    run = core("core.runs.run").Run(tmp_path, summary={"name": "a", "wandb": {"id": "abc"}})
    config = core("core.config").LoggerConfig()
    record = core("core.loggers.metrics_file").MetricsFile(run, config)
    board = core("core.loggers.tensorboard").TensorBoard(run, None)
    return SimpleNamespace(
        is_global_zero=True, sanity_checking=False, global_step=120, loggers=[record, board]
    )


def shown_on_the_board(folder: Path, kind: str) -> list[str]:
    """The names of what TensorBoard has of one kind."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board = accumulator.EventAccumulator(str(folder / "tensorboard"))
    board.Reload()
    return board.Tags()[kind]


GREY = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))


@pytest.mark.parametrize(
    ("form", "size", "colour"),
    [
        (Figure(), (64, 48), (200, 0, 0)),
        (SimpleNamespace(figure=Figure()), (64, 48), (200, 0, 0)),  # axes, a grid of seaborn's
        ([Figure(), Image.new("RGB", (64, 48))], (134, 48), (200, 0, 0)),
        (Image.new("RGB", (64, 48), (9, 8, 7)), (64, 48), (9, 8, 7)),
        (Image.new("RGBA", (64, 48), (0, 0, 0, 0)), (64, 48), (255, 255, 255)),
        (np.full((48, 64, 3), 7, np.uint8), (64, 48), (7, 7, 7)),
        (np.full((3, 48, 64), 0.2), (64, 48), (51, 51, 51)),
        (torch.full((3, 48, 64), 0.2), (64, 48), (51, 51, 51)),
        (torch.full((48, 64), 7, dtype=torch.uint8), (64, 48), (7, 7, 7)),
        (torch.zeros(2, 1, 48, 64, requires_grad=True), (134, 48), (0, 0, 0)),
    ],
)
def test_a_picture_in_any_form_becomes_a_file(
    core: Modules, trainer: Any, tmp_path: Path, form: Any, size: tuple[int, int], colour: Any
) -> None:
    file = core("core.loggers").log_images(trainer, "val/seen", form)
    trainer.loggers[1].experiment.flush()

    assert file == tmp_path / "images/val/seen/step-000120.png"
    picture = Image.open(file)
    assert picture.size == (size[0] + 12, size[1] + 12)
    assert picture.getpixel((10, 10)) == colour
    assert shown_on_the_board(tmp_path, "images") == ["val/seen"]


def test_a_real_figure_is_drawn(core: Modules, trainer: Any) -> None:
    figures = pytest.importorskip("matplotlib.figure")
    figure = figures.Figure(figsize=(2, 1), dpi=100)
    figure.subplots().plot([0, 1])

    file = core("core.loggers").log_images(trainer, "val/curve", figure)

    assert Image.open(file).size == (212, 112)


@pytest.mark.parametrize(
    "form", [np.zeros((5, 6, 7)), np.zeros((8, 8), np.int64), torch.zeros(8), "a picture"]
)
def test_what_is_no_picture_is_refused(core: Modules, trainer: Any, form: Any) -> None:
    with pytest.raises(TypeError, match=r"is no image: it has|no drawing is registered for"):
        core("core.loggers").log_images(trainer, "val/seen", [form])


def test_what_lies_outside_of_an_image_s_range_is_said(core: Modules, trainer: Any) -> None:
    with pytest.warns(UserWarning, match=r"values from -1 to 2: what is outside of 0 to 1 is cut"):
        core("core.loggers").log_images(trainer, "x", torch.linspace(-1, 2, 64).view(1, 8, 8))


def heard(file: Path) -> tuple[int, int, np.ndarray]:
    """Rate, channels and values of a WAV file."""
    with wave.open(str(file)) as stream:
        values = np.frombuffer(stream.readframes(stream.getnframes()), "<i2")
        return stream.getframerate(), stream.getnchannels(), values


def test_sounds_become_files_and_are_heard_on_the_board(
    core: Modules, trainer: Any, tmp_path: Path
) -> None:
    tone = torch.sin(torch.linspace(0, 100, 800))
    stereo = np.stack([np.full(800, 0.5), np.full(800, -0.5)])
    log_audio: Callable[..., list[Path]] = core("core.loggers").log_audio

    files = log_audio(trainer, "val/spoken", [tone, stereo], 8000, ["tone", "stereo"])
    (alone,) = log_audio(trainer, "val/alone", np.arange(-5, 5, dtype=np.int16), 16000)
    trainer.loggers[1].experiment.flush()

    assert [file.relative_to(tmp_path).as_posix() for file in files] == [
        "audio/val/spoken/step-000120-01.wav",
        "audio/val/spoken/step-000120-02.wav",
    ]
    rate, channels, values = heard(files[0])
    assert (rate, channels) == (8000, 1)
    assert values / 32767 == pytest.approx(tone.numpy(), abs=1e-4)
    rate, channels, values = heard(files[1])
    assert (channels, values[:4].tolist()) == (2, [16384, -16384, 16384, -16384])
    assert heard(alone)[2].tolist() == list(range(-5, 5))
    assert set(shown_on_the_board(tmp_path, "audio")) == {
        "val/spoken/1", "val/spoken/2", "val/alone",
    }  # fmt: skip


def test_what_is_no_sound_is_refused_and_what_is_too_loud_said(core: Modules, trainer: Any) -> None:
    log_audio = core("core.loggers").log_audio

    for wrong in (torch.zeros(0), torch.zeros(800, 2), torch.zeros(8, dtype=torch.int64)):
        with pytest.raises(TypeError, match=r"x: .* is no sound: it has \(samples,\)"):
            log_audio(trainer, "x", [wrong], 8000)
    with pytest.warns(UserWarning, match="x: a sound reaches 3: what is beyond 1 is cut"):
        (file,) = log_audio(trainer, "x", torch.tensor([0.0, 3.0, -3.0]), 8000)
    assert heard(file)[2].tolist() == [0, 32767, -32767]


def test_sounds_and_pictures_can_be_switched_off(core: Modules, trainer: Any) -> None:
    trainer.loggers[0].config.audio = trainer.loggers[0].config.images = False

    assert core("core.loggers").log_audio(trainer, "x", torch.zeros(8), 8000) == []
    assert core("core.loggers").log_images(trainer, "x", Figure()) is None


def test_wandb_gets_the_sounds_with_their_captions(core: Modules, trainer: Any) -> None:
    run, sent = trainer.loggers[0].run, []
    logger = core("core.loggers.wandb").Wandb(run, core("core.config").LoggerConfig(), offline=True)
    logger._send = lambda row, step: sent.append((row, step))
    trainer.loggers.append(logger)

    files = core("core.loggers").log_audio(
        trainer, "val/spoken", [torch.zeros(80)] * 2, 8000, ["silence"]
    )

    ((row, step),) = sent
    assert step == 119
    assert [sound._path for sound in row["val/spoken"]] == [str(file) for file in files]
    assert [sound._caption for sound in row["val/spoken"]] == ["silence", None]
