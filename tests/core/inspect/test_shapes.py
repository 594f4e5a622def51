"""A written shape that is wrong is named with its file and line; a right one is left in peace."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch
from jaxtyping import Float, Int, install_import_hook
from torch import Tensor, nn

HEADER = """\
from typing import NamedTuple
from jaxtyping import Float, Int
from torch import Tensor, nn

Image = Float[Tensor, "batch channels height width"]
"""


@pytest.fixture
def mismatches(docstrings: ModuleType, tmp_path: Path) -> Callable[..., list[str]]:
    """What the reader says of one module, given as source."""

    def read(source: str) -> list[str]:
        file = tmp_path / "model.py"
        file.write_text(HEADER + dedent(source))
        return [line.removeprefix(f"{file}:") for line in docstrings.docstring_mismatches(file)]

    return read


def network(
    section: str,
    x: str = 'Float[Tensor, "batch channels height width"]',
    output: str = 'Float[Tensor, "batch classes"]',
) -> str:
    """A network whose docstring has this entry on line 10."""
    return f'''\
class Network(nn.Module):
    """One sentence.

    Shape:
        {section}

    Raises:
        ValueError: (not, a, shape)
    """

    def forward(self, x: {x}, mask: Tensor | None = None) -> {output}:
        return x
'''


@pytest.mark.parametrize(
    ("section", "annotation"),
    [
        ("- x: ``(batch, channels, height, width)``, pixels", {}),
        ("- x: (batch, channels, height, width)", {}),
        ("- Input: :math:`(batch, channels, height, width)`", {}),
        ("- x: ``(batch, channels, height, width)``", {"x": "Image"}),
        ("- x: ``(batch, channels, height, width)``", {"x": "Image | None"}),
        ("- x: ``(batch, ...)``", {"x": 'Float[Tensor, "batch ..."]'}),
        ("- x: ``(*, dim)``", {"x": 'Float[Tensor, "*batch dim"]'}),
        ("- x: ``(*batch, dim)``", {"x": 'Float[Tensor, "*batch dim"]'}),
        ("- x: ``(batch, 3)``", {"x": 'Float[Tensor, "#batch channels=3"]'}),
        ("- x: ``(batch, height / 2)``", {"x": 'Float[Tensor, "batch height/2"]'}),
        ("- x: ``(batch, dim)``", {"x": 'Float[Tensor, "batch {self.dim}"]'}),
        ("- x: ``(batch,)``", {"x": 'Float[Tensor, " batch"]'}),
        ("- x: ``()``", {"x": 'Float[Tensor, ""]'}),
        ("- x: whatever comes", {}),
        ("- mask: ``(batch, height)``, which has no annotation", {}),
        ("- output: ``(batch, classes)``; (batch, first) is meant", {}),
        ("- Output: :math:`(batch, classes)`", {}),
        (
            "- output: ``(batch, classes)`` and ``(batch, dim)``",
            {"output": 'tuple[Float[Tensor, "batch classes"], Float[Tensor, "batch dim"]]'},
        ),
        ("- output: ``(batch, dim)``", {"output": 'list[Float[Tensor, "batch dim"]]'}),
    ],
)
def test_a_section_that_agrees_is_left_in_peace(
    section: str, annotation: dict[str, str], mismatches: Callable[..., list[str]]
) -> None:
    assert mismatches(network(section, **annotation)) == []


@pytest.mark.parametrize(
    ("section", "annotation", "sentence"),
    [
        (
            "- x: ``(batch, channels, width)``",
            {},
            "has x as (batch, channels, width), "
            "the annotation says (batch, channels, height, width)",
        ),
        (
            "- x: ``(batch, channels, width, height)``",
            {"x": "Image | None"},
            "has x as (batch, channels, width, height), "
            "the annotation says (batch, channels, height, width)",
        ),
        (
            "- Output: :math:`(batch, labels)`",
            {},
            "has output as (batch, labels), the annotation says (batch, classes)",
        ),
        (
            "- output: ``(batch, classes)`` and ``(batch, dim)``",
            {"output": 'tuple[Float[Tensor, "batch classes"], Float[Tensor, "batch depth"]]'},
            "has output as (batch, dim), the annotation says (batch, depth)",
        ),
        (
            "- image: ``(batch, channels, height, width)``",
            {},
            "has image, which is none of x, mask, output",
        ),
    ],
)
def test_a_section_that_disagrees_is_named_with_its_line(
    section: str,
    annotation: dict[str, str],
    sentence: str,
    mismatches: Callable[..., list[str]],
) -> None:
    assert mismatches(network(section, **annotation)) == [f"10: Network's docstring {sentence}"]


def test_a_batch_is_compared_field_by_field(mismatches: Callable[..., list[str]]) -> None:
    wrong = mismatches('''\
        class Batch(NamedTuple):
            """What the loader yields.

            Shape:
                - image: ``(batch, channels, height, width)``
                - label: ``(batch, 1)``
            """

            image: Image
            label: Int[Tensor, " batch"]
    ''')

    assert wrong == ["11: Batch's docstring has label as (batch, 1), the annotation says (batch)"]


def test_a_function_has_shapes_too(mismatches: Callable[..., list[str]]) -> None:
    wrong = mismatches('''\
        def pool(x: Image) -> Float[Tensor, "batch channels"]:
            r"""One sentence.

            Shape:
                - x: ``(batch, channels, height, width)``
                - output: ``(channels, batch)``
            """
            return x
    ''')

    assert wrong == [
        "11: pool's docstring has output as (channels, batch), "
        "the annotation says (batch, channels)"
    ]


def test_nothing_is_demanded_where_nothing_is_written(
    mismatches: Callable[..., list[str]],
) -> None:
    silent = mismatches('''\
        class Plain(nn.Module):
            def forward(self, x):
                return x

        class Documented(nn.Module):
            """Shapes without annotations.

            Shape:
                - x: ``(batch, dim)``
            """

            def forward(self, x):
                return x

        class Batch(NamedTuple):
            """Words about shapes without annotations.

            Shape:
                - each: ``(batch,)``
            """

            image: Tensor

        class Inheriting(Documented):
            """No forward of its own.

            Shape:
                - y: ``(batch, dim)``
            """
    ''')

    assert silent == []


def test_a_package_is_read_whole_and_not_imported(docstrings: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/model.py").write_text(HEADER + network("- x: ``(batch)``"))

    wrong = docstrings.docstring_mismatches(tmp_path)

    assert [line.split(": ")[0] for line in wrong] == [f"{tmp_path}/deep/model.py:10"]


# --- at run time ---------------------------------------------------------------------------------


class Batch(NamedTuple):
    image: Float[Tensor, "batch channels height width"]
    label: Int[Tensor, " batch"] | None


@pytest.mark.parametrize(
    ("image", "label", "wrong"),
    [
        (torch.zeros(2, 1, 4, 4), torch.zeros(2, dtype=torch.long), []),
        (torch.zeros(2, 1, 4, 4), None, []),
        (
            torch.zeros(2, 1, 4, 4),
            torch.zeros(3, dtype=torch.long),
            ["Batch.label is int64[3], its annotation says Int[Tensor, 'batch'] | None"],
        ),
        (
            torch.zeros(2, 4, 4),
            torch.zeros(2),
            [
                "Batch.image is float32[2, 4, 4], "
                "its annotation says Float[Tensor, 'batch channels height width']",
                "Batch.label is float32[2], its annotation says Int[Tensor, 'batch'] | None",
            ],
        ),
    ],
)
def test_a_batch_is_checked_against_its_annotations(
    image: Tensor, label: Tensor | None, wrong: list[str], shapes: ModuleType
) -> None:
    assert shapes.batch_mismatches(Batch(image, label)) == wrong


RUNNING = """\
from jaxtyping import Float
from torch import Tensor, nn


class Narrow(nn.Module):
    def forward(
        self, x: Float[Tensor, "batch dim"], other: Float[Tensor, "batch dim"] | None = None
    ) -> Float[Tensor, "batch 3"]:
        return x


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(Narrow())

    def forward(self, x):
        return self.layers(x)
"""


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module above, its annotations checked."""
    (tmp_path / "shapes_under_test.py").write_text(RUNNING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    with install_import_hook("shapes_under_test", "beartype.beartype"):
        import shapes_under_test  # pyright: ignore[reportMissingImports]
    yield shapes_under_test
    del sys.modules["shapes_under_test"]


def error_of(network: nn.Module, *inputs: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the caller looks)
        network(*inputs)
    return caught.value


def test_a_wrong_argument_is_blamed_on_the_line_that_passed_it(
    checked: Any, shapes: ModuleType
) -> None:
    error = error_of(checked.Network(), torch.zeros(2, 3, 4))

    assert shapes.describe_shape_error(error) == (
        "shapes_under_test.py:18: Narrow.forward got x = float32[2, 3, 4], "
        "its annotation (shapes_under_test.py:6) says Float[Tensor, 'batch dim']"
    )


def test_sizes_that_were_settled_before_are_told(checked: Any, shapes: ModuleType) -> None:
    error = error_of(checked.Narrow(), torch.zeros(2, 3), torch.zeros(2, 4))

    sentence = shapes.describe_shape_error(error)

    assert "Narrow.forward got other = float32[2, 4]" in sentence
    assert sentence.endswith("says Float[Tensor, 'batch dim'] | None with batch=2, dim=3")


def test_a_wrong_result_is_blamed_on_the_function(checked: Any, shapes: ModuleType) -> None:
    error = error_of(checked.Network(), torch.zeros(2, 4))

    assert shapes.describe_shape_error(error) == (
        "shapes_under_test.py:6: Narrow.forward returned float32[2, 4], "
        "its annotation says Float[Tensor, 'batch 3'] with batch=2, dim=4"
    )


def test_other_errors_are_not_its_business(checked: Any, shapes: ModuleType) -> None:
    assert shapes.describe_shape_error(error_of(checked.Network())) == ""


@pytest.mark.parametrize(
    ("first", "told"),
    [("", "True TypeCheckError"), ("import shapes_under_test; ", "RuntimeError: imported before")],
)
def test_checking_must_start_before_the_import(first: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "shapes_under_test.py").write_text(RUNNING)
    template = Path(__file__).parents[3] / "template"
    program = first + dedent("""\
        import torch
        from experiment.core.inspect.shape_annotations import check_annotations
        on = check_annotations("shapes_under_test")
        from shapes_under_test import Network
        try:
            Network()(torch.zeros(2, 4))
        except TypeError as error:
            print(on, type(error).__name__)
    """)

    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{template}:{tmp_path}"},
        capture_output=True,
        text=True,
    )

    assert told in run.stdout + run.stderr
