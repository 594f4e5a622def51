"""The page of a network: small, self-contained, escaped, and readable without JavaScript."""

import re
import time
from html.parser import HTMLParser
from typing import Any

from torch import Tensor, nn

CLOSED = {"meta", "input", "br", "img"}


class Block(nn.Module):
    """A residual block of three modules."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.layer = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layer(self.norm(x))


class Tower(nn.Module):
    """Blocks of one width or of many."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.parts = nn.Sequential()
        before = 16
        for width in widths:
            self.parts.append(nn.Linear(before, width))
            self.parts.append(Block(width))
            before = width
        self.head = nn.Linear(before, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.parts(x))


class Balanced(HTMLParser):
    """Refuses tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(page: str) -> None:
    """What each page is."""
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert len(page.encode()) < 5_000_000


def test_a_row_says_what_is_called_and_where_its_input_comes_from(look: Any) -> None:
    looked = look(lambda: Tower([16, 8]))
    page = looked.page()

    check(page)
    rows = re.findall(r'class="what">(.*?)</span>', page)
    words = [re.sub(r"<[^>]+>", " ", row).split() for row in rows]
    assert ["model", "Tower", "from", "batch"] in words
    assert ["norm", "LayerNorm", "from", "what", "comes", "in"] in words
    assert any(row[:1] == ["add"] and row[-1] == "model.parts.1.layer" for row in words)
    block = looked.node("model.parts.1")
    add = block.inside[-1]
    assert f'data-n="{add.number} {add.number}" data-from="{block.number} ' in page


def test_names_are_escaped(look: Any) -> None:
    def make() -> nn.Module:
        network = Tower([16])
        odd = type("<script>alert(1)</script>", (nn.Linear,), {})
        network.head = odd(16, 10)
        return network

    page = look(make).page()

    check(page)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<title>Model: a &lt;title&gt;</title>" in page


def test_equal_neighbours_are_told_once(look: Any) -> None:
    looked = look(lambda: Tower([16] * 12))

    page = looked.page()
    lines = list(looked.core("core.inspect.network.table").lines(looked.found.root))

    check(page)
    assert "<b>12 x</b> (Linear, Block)" in page
    assert page.count("LayerNorm") == 1
    assert sum("12 x" in line for line in lines) == 2


def test_a_thousand_modules_stay_small(look: Any) -> None:
    looked = look(lambda: Tower([16 + place % 40 for place in range(250)]))
    calls = sum(1 for node in looked.found.root.walk() if node.is_module)
    assert calls > 1000

    started = time.process_time()
    page = looked.page()

    assert time.process_time() - started < 5
    check(page)
    assert page.count("<details open") < 70  # what is open at first can be read
    assert len(list(looked.core("core.inspect.network.table").lines(looked.found.root))) < 42
