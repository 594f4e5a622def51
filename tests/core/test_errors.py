"""What an error is called in one line."""

from collections.abc import Callable, Iterator

import pytest
from modules import modules_of
from torch.utils.data import DataLoader, Dataset


@pytest.fixture(scope="module")
def in_a_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    for experiment in modules_of("image_classification", tmp_path_factory.mktemp("project")):
        yield experiment("core.errors").in_a_line


class Torn:
    """What comes out of the pipe of a worker that is killed in the middle of a batch."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return _end, ()


class OneExample(Dataset[Torn]):
    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Torn:
        return Torn()


def _end() -> None:
    raise EOFError


def test_a_worker_that_dies_while_it_hands_a_batch_over_is_named(
    in_a_line: Callable[..., str],
) -> None:
    with pytest.raises(EOFError) as caught:
        next(iter(DataLoader(OneExample(), batch_size=None, num_workers=1)))

    assert in_a_line(caught.value) == "a DataLoader worker died (EOFError)"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (EOFError(), "EOFError"),
        (ValueError(" \n"), "ValueError"),
        (ValueError("\nfirst\nsecond"), "ValueError: first"),
        (ConnectionResetError(104, "reset"), "ConnectionResetError: [Errno 104] reset"),
    ],
)
def test_an_error_is_its_type_and_the_first_line_of_its_text(
    error: Exception, line: str, in_a_line: Callable[..., str]
) -> None:
    assert in_a_line(error) == line
