"""Recordings of several lengths become spectrograms in the data part; the network stays."""

import math
import wave
from array import array
from pathlib import Path

from projects import Project

WORDS = ("data.source=sound", "data.root=sounds")
DATA = '''    def read_source(self) -> dict[str, images.LabelledImages]:
        """The images of the source by split, as they are; a source of your own is read here."""
'''
SETUP = """        if self.config.source == "sound":
            self.class_names, self.datasets["train"] = read_sounds(self.root)
            self.value_range = [0.0, 255.0]
            self.hold_out(self.datasets)
            return
        sources = self.read_source()
"""
READ = '''

SAMPLES, WINDOW, HOP = 4096, 256, 256  # half a second at 8 kHz: 17 frames of 129 frequencies


def read_sounds(root: Path) -> tuple[list[str], TensorData[Batch]]:
    """The recordings below ``root``, a folder a class, as grey pictures of what they hold."""
    files = sorted(root.glob("*/*.wav"))
    names = sorted({file.parent.name for file in files})
    pictures = torch.stack([spectrogram(file) for file in files])
    labels = torch.tensor([names.index(file.parent.name) for file in files])
    return names, TensorData(Batch(tv_tensors.Image(pictures), labels), labels)


def spectrogram(file: Path) -> Tensor:
    """Loudness by frequency and time, ``(1, frequencies, frames)``, as bytes; padded or cut."""
    with wave.open(str(file)) as recording:
        heard = torch.frombuffer(
            bytearray(recording.readframes(SAMPLES)), dtype=torch.int16
        ).float()
    heard = F.pad(heard / 2**15, (0, SAMPLES - len(heard)))
    spectrum = torch.stft(heard, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True)
    decibels = 20 * torch.log10(spectrum.abs() + 1e-4)  # -80 to about 40
    return (decibels + 80).mul(2).clamp(0, 255).to(torch.uint8)[None]
'''


def edit(project: Project) -> None:
    record(project / "sounds")
    project.append(".gitignore", "/sounds")
    data, config = "experiment/data.py", "experiment/config.py"
    project.replace(data, "        sources = self.read_source()\n", SETUP)
    project.append(data, READ.strip("\n"))
    project.replace(
        data,
        "from dataclasses import dataclass\n",
        "import wave\nfrom dataclasses import dataclass\n",
    )
    project.replace(data, "import torch\n", "import torch\nimport torch.nn.functional as F\n")
    project.replace(
        data,
        "from torchvision.transforms import v2\n",
        "from torchvision import tv_tensors\nfrom torchvision.transforms import v2\n",
    )
    project.replace(
        data,
        "import DataModule, ImageSample, images",
        "import DataModule, ImageSample, TensorData, images",
    )
    project.replace(config, 'Literal["demo", ', 'Literal["demo", "sound", ')


def record(folder: Path) -> None:
    """40 tones and 40 chirps, each of another pitch and length."""
    for kind in ("chirp", "tone"):
        (folder / kind).mkdir(parents=True)
        for number in range(100):
            pitch, samples = 300 + 20 * number, 3000 + 37 * number
            grows = 1.0 if kind == "chirp" else 0.0
            phases = (
                2 * math.pi * pitch * (t / 8000) * (1 + grows * t / samples) for t in range(samples)
            )
            sound = array("h", (int(8000 * math.sin(phase)) for phase in phases))
            with wave.open(str(folder / kind / f"{number}.wav"), "w") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(sound.tobytes())
