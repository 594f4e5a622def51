"""The proof after a merge: what a file lost, judged by what each side had."""

import sys
from importlib import import_module
from typing import Any

import pytest
from projects import ROOT

sys.path.append(str(ROOT / "hooks"))
lost = import_module("proof").lost
sides_of = import_module("sides")
File, EXECUTABLE, LINK, PLAIN = (
    sides_of.File, sides_of.EXECUTABLE, sides_of.LINK, sides_of.PLAIN,
)  # fmt: skip


def file(text: str | bytes, kind: str = PLAIN) -> Any:
    """A file of this text; words stand for lines."""
    data = (
        text if isinstance(text, bytes) else "".join(f"{word}\n" for word in text.split()).encode()
    )
    return File(kind, data)


KEPT = {  # mine, old, now, new: all is there
    "my line beside theirs": ("a b mine", "a b", "a B mine", "a B"),
    "both did the same": ("a same", "a", "a same", "a same"),
    "both did the same, and I more": ("a same mine", "a", "a same mine", "a same"),
    "a line that they took away and I had left": ("a b mine", "a b", "a mine", "a"),
    "a line of which they took one of two": ("x x mine", "x x", "x mine", "x"),
    "a line that I removed": ("a", "a b", "a c", "a b c"),
    "a line that I removed and they bring again": ("a", "a b", "a b", "a b b"),
    "a conflict": ("mine", "a", "mine theirs", "theirs"),
    "theirs is gone, and mine was never other": ("a", "a", "a", None),
    "a file of mine alone": ("a b", None, "a b", None),
}
LOST = {
    "my line": ("a b mine", "a b", "a B", "a B", "1 line of yours gone, first `mine`"),
    "my second line of a kind": ("x x", "x", "x", "x", "1 line of yours gone, first `x`"),
    "two lines": ("a m n", "a", "a", "a", "2 lines of yours gone, first `m`"),
    "a line that I removed": ("a", "a b", "a b", "a b", "1 line that you had removed back"),
    "the file": ("a mine", "a", None, None, "dropped by the template, with your edits (1 line, "),
    "a file of mine alone": ("a b", None, "a", "a", "1 line of yours gone, first `b`"),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_is_there_is_no_loss(case: str) -> None:
    sides = [None if text is None else file(text) for text in KEPT[case]]
    assert sides[0]

    assert lost(sides[0], *sides[1:]) == ""


@pytest.mark.parametrize("case", LOST)
def test_what_is_gone_is_said(case: str) -> None:
    *texts, said = LOST[case]
    sides = [None if text is None else file(text) for text in texts]
    assert sides[0]

    assert said in lost(sides[0], *sides[1:])


def test_line_ends_are_no_loss_and_other_bytes_are() -> None:
    old = file("a")

    assert lost(file(b"a\r\nmine\r\n"), old, file(b"a\nb\nmine\n"), file("a b")) == ""
    assert lost(file(b"a\nmine"), old, file(b"a\nb\nmine\n"), file("a b")) == ""
    assert "first `gr\\xfc\\xdfe`" in lost(file(b"a\ngr\xfc\xdfe\n"), old, file("a gre"), old)
    assert "1 line of yours gone" in lost(file(b"a\nmine  \n"), old, file("a mine"), old)


def test_what_a_conflict_shows_of_the_template_is_not_back() -> None:
    mine, old, new = file("a mine"), file("a b"), file("a b c")
    marked = b"<<<<<<< before updating\nmine\n=======\nb\nc\n>>>>>>> after updating\n"

    assert lost(mine, old, file(b"a\n" + marked), new) == ""
    assert "mine" in lost(mine, old, file(b"a\n" + marked.replace(b"mine\n", b"")), new)


def test_what_is_no_text_is_there_whole_or_lost() -> None:
    mine, theirs = file(b"\0mine"), file(b"\0theirs")

    assert lost(mine, theirs, mine, theirs) == ""
    assert "no text" in lost(mine, theirs, theirs, theirs)


def test_a_link_stays_a_link() -> None:
    link, plain = File(LINK, b"../shared.toml"), file("a")

    assert lost(link, plain, link, plain) == ""
    assert "no text" in lost(link, plain, plain, plain)
    assert "no text" in lost(link, plain, File(LINK, b"elsewhere"), plain)


def test_an_executable_bit_of_yours_stays() -> None:
    plain, executable = file("a"), file("a", EXECUTABLE)

    assert lost(executable, plain, executable, plain) == ""
    assert lost(executable, plain, plain, plain) == "is not executable any more"
    assert lost(plain, executable, executable, executable) == "is executable again"
    assert lost(plain, plain, executable, executable) == ""  # the template's
