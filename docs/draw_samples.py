"""Draw a task's demo data for its README: a few samples, as its ``preview()`` gives them.

    uv run --project my-experiment python docs/draw_samples.py object_detection

writes ``tasks/object_detection/samples.svg``: one picture, inside of a drawing, since pictures by
themselves are not text, which is what a template renders.
"""

import argparse
import base64
import io
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from project import temporary_project  # noqa: E402

SAMPLES, COLUMNS = 8, 4
WIDEST = 960  # pixels of the picture
COLOURS = 128  # of the picture: enough for grey images and a few coloured lines
LARGEST = 100_000  # bytes


def samples(project: Path) -> list[Any]:
    """What the configured training data looks like."""
    from experiment.config import Config  # pyright: ignore[reportMissingImports]
    from experiment.core.config.load import load_settings  # pyright: ignore[reportMissingImports]
    from experiment.data import ExperimentData  # pyright: ignore[reportMissingImports]

    config = load_settings(Config, Namespace(config=[project / "configs/experiment.yaml"])).config
    return list(ExperimentData(config.data).preview(SAMPLES))


def drawing(picture: Any) -> str:
    """A picture as SVG."""
    file = io.BytesIO()
    # The other ways spend nearly all colours on the greys of which there are most.
    few = picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=0)
    few.save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    size = f'width="{picture.width}" height="{picture.height}"'
    image = f'<image {size} href="data:image/png;base64,{data}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{image}</svg>\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("task", help="a folder in tasks/")
    task = parser.parse_args().task
    with temporary_project(task) as project:
        from experiment.core.inspect.drawing import draw, draw_grid  # pyright: ignore[reportMissingImports]

        drawn = samples(project)
        columns = min(COLUMNS, max(1, WIDEST // draw(drawn[0]).width))
        text = drawing(draw_grid(drawn, columns))
    target = ROOT / "tasks" / task / "samples.svg"
    if len(text) > LARGEST:
        sys.exit(f"{target.relative_to(ROOT)} would have {len(text):,} bytes, {LARGEST:,} at most")
    target.write_text(text, encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(text):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
