"""The form of a configuration that nobody foresaw: nothing of it is lost, nothing is guessed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = '''
"""A configuration with everything."""

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .config import Config as Base
from .core.config import above, at_least, fraction
from .core.config.meaning import PATH, RUNS_CODE


class Mode(enum.Enum):
    ON = 1  # a name that YAML takes for true
    WIDE = "wide"


@dataclass
class Hook:
    size: int = 1
    code: str | None = field(default=None, metadata=RUNS_CODE)


@dataclass
class Inner:
    """What is within.

    And more of it.
    """

    depth: int = 1  # Größe – 世界 🙂; "quoted" and #hashes


@dataclass
class Middle:
    inner: Inner | None = None
    inners: list[Inner] = field(default_factory=list)  # several
    rate: float = 0.5

    def __post_init__(self) -> None:
        above(self, 0, "rate")


@dataclass
class Parent:
    inherited: int = 3  # of the parent
    renewed: int = 4  # of the parent, too

    def __post_init__(self) -> None:
        at_least(self, 2, "inherited", "renewed")


@dataclass
class Strange(Parent):
    # a heading that is no help, since a line is between

    bare: int = 0
    renewed: int = 5
    # Right above,
    # in two lines.
    above_it: str = "a"
    below: str = "b"
    """Right below."""
    many: list[str] = field(  # at the beginning
        default_factory=lambda: ["x", "y: z"],
    )
    long: int = 7  # goes on
                   # in the next line
    quiet: int = 80  # noqa: E501
    told: int = 9  # for people  # type: ignore
    union: int | str | list[int] = "auto"  # three kinds
    maybe: bool | None = None
    mixed: Literal["1", 1] = 1  # two that look alike
    numbers: Literal[1, 2] = 1
    mode: Mode = Mode.ON
    maybe_mode: Mode | None = None
    anything: Any = field(default_factory=lambda: {"a": [1, None]})
    by_number: dict[int, str] = field(default_factory=lambda: {1: "one"})
    pair: tuple[int, str] = (1, "a")
    wholes: list[int] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    middle: Middle = field(default_factory=Middle)
    perhaps: Middle | None = None
    hooks: list[Hook] = field(default_factory=list)
    path: Path = Path("data/here")
    paths: list[Path] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    late: int = field(init=False, default=2)
    share: float = 0.1
    infinite: float = float("inf")
    einfach: str = "ä"  # seconds; a text

    @property
    def twice(self) -> int:
        return 2 * self.bare

    def __post_init__(self) -> None:
        if self.bare:
            at_least(self, 100, "long")
        super().__post_init__()
        fraction(self, "share")
        at_least(self, self.bare, "told")
        if self.bare == 13:
            return
        at_least(self, 50, "quiet")


@dataclass
class Other:
    own: int = 1

    def __post_init__(self) -> None:
        pass


@dataclass
class Config(Base):
    strange: Strange = field(default_factory=Strange)
    other: Other | None = None
    alone: dict[str, Any] = field(default_factory=dict)
'''
PRESET = "strange: {quiet: 60, middle: {inner: {depth: 4}}, bare: 2, long: 200}\n"


@pytest.fixture(scope="module")
def strange(forms_of: Callable[..., Any]) -> Any:
    return forms_of("custom", SOURCE, PRESET)


@pytest.fixture(scope="module")
def fields(strange: Any) -> dict[str, Any]:
    return {key.removeprefix("strange."): field for key, field in strange.fields().items()}


def test_comments_are_help_wherever_they_stand(fields: dict[str, Any]) -> None:
    assert {name: fields[name].help for name in (
        "bare", "renewed", "inherited", "above_it", "below", "many", "long", "quiet", "told",
        "maybe", "middle.inner", "middle.inner.depth", "mode", "middle.inners",
    )} == {
        "bare": "",
        "renewed": "of the parent, too",
        "inherited": "of the parent",
        "above_it": "Right above, in two lines.",
        "below": "Right below.",
        "many": "at the beginning",
        "long": "goes on in the next line",
        "quiet": "",
        "told": "for people",
        "maybe": "",
        "middle.inner": "What is within.",
        "middle.inner.depth": 'Größe – 世界 🙂; "quoted" and #hashes',
        "mode": "",
        "middle.inners": "several",
    }  # fmt: skip


def test_only_bounds_that_always_hold_are_bounds(fields: dict[str, Any]) -> None:
    bounds = {name: field.range.in_words() for name, field in fields.items()}

    assert {name: bounds[name] for name in ("inherited", "renewed", "share", "middle.rate")} == {
        "inherited": "at least 2",
        "renewed": "at least 2",
        "share": "at least 0 and below 1",
        "middle.rate": "above 0",
    }
    assert {bounds[name] for name in ("long", "told", "quiet", "bare", "perhaps.inner.depth")} == {
        ""
    }
    assert bounds["perhaps.rate"] == "above 0"


def test_each_type_has_its_kind(fields: dict[str, Any]) -> None:
    kinds = {
        name: (fields[name].kind, fields[name].value)
        for name in (
            "union", "maybe", "mixed", "numbers", "mode", "maybe_mode", "anything", "by_number",
            "pair", "rows", "middle.inner", "perhaps", "perhaps.inner", "perhaps.rate", "hooks",
            "path", "many", "shares", "late", "infinite", "middle.inners", "middle.inner.depth",
        )
    }  # fmt: skip

    assert kinds == {
        "union": ("text", "auto"),
        "maybe": ("choice", "null"),
        "mixed": ("text", "1"),
        "numbers": ("choice", "1"),
        "mode": ("choice", "ON"),
        "maybe_mode": ("choice", "null"),
        "anything": ("text", "{a: [1, null]}"),
        "by_number": ("text", '{1: "one"}'),
        "pair": ("list", "[1, a]"),
        "rows": ("list", "[]"),
        "middle.inner": ("switch", "{}"),
        "perhaps": ("switch", "null"),
        "perhaps.inner": ("switch", "null"),
        "perhaps.rate": ("number", "0.5"),
        "hooks": ("list", "[]"),
        "path": ("text", "data/here"),
        "many": ("list", "[x, 'y: z']"),
        "shares": ("text", "{}"),
        "late": ("number", "2"),
        "infinite": ("number", ".inf"),
        "middle.inners": ("list", "[]"),
        "middle.inner.depth": ("number", "4"),
    }
    assert "twice" not in fields
    assert fields["numbers"].choices == ("1", "2")
    assert fields["maybe"].choices == ("true", "false", "null")
    assert fields["maybe_mode"].choices == ("ON", "WIDE", "null")
    assert fields["einfach"].unit == ""  # of a text


def test_sections_are_those_of_the_configuration(strange: Any) -> None:
    by_name = {section.name: section for section in strange.form()}

    assert list(by_name)[:3] == ["strange", "other", ""]
    assert [field.key for field in by_name["other"].fields] == ["other", "other.own"]
    assert {"alone", "seed"} <= {field.key for field in by_name[""].fields}
    assert (by_name[""].title, by_name["strange"].title) == ("Experiment", "Strange")
    assert by_name["strange"].help == ""  # what dataclass makes up is none


@pytest.mark.parametrize(
    ("posted", "words", "value"),
    [
        ({"union": "7"}, ["union=7"], ("union", 7)),
        ({"union": "'7'"}, ["union='7'"], ("union", "7")),
        ({"union": "[1, 2]"}, ["union=[1, 2]"], ("union", [1, 2])),
        ({"union": " auto "}, [], ("union", "auto")),
        ({"maybe": "false"}, ["maybe=false"], ("maybe", False)),
        ({"mixed": "'1'"}, ["mixed='1'"], ("mixed", "1")),
        ({"numbers": "2"}, ["numbers=2"], ("numbers", 2)),
        ({"by_number": "{2: two}"}, ["by_number={2: two}"], ("by_number", {2: "two"})),
        ({"pair": ["2", "b"]}, ["pair=[2, b]"], ("pair", (2, "b"))),
        ({"wholes": ["1", "2"]}, ["wholes=[1, 2]"], ("wholes", [1, 2])),
        ({"wholes": "[]"}, [], ("wholes", [])),
        ({"rows": "[[1], [2, 3]]"}, ["rows=[[1], [2, 3]]"], ("rows", [[1], [2, 3]])),
        ({"many": []}, ["many=[]"], ("many", [])),
        ({"anything": ""}, None, "anything is empty: write its value"),
        ({"infinite": ".inf"}, [], ("infinite", float("inf"))),
        ({"infinite": "3"}, ["infinite=3"], ("infinite", 3.0)),
        ({"perhaps": "{}", "perhaps.inner": "{}", "perhaps.inner.depth": "9"},
         ["perhaps={}", "perhaps.inner={}", "perhaps.inner.depth=9"], ("perhaps.inner.depth", 9)),
        ({"perhaps": "{}", "perhaps.inner.depth": "9"}, None, "perhaps.inner is off: switch it on"),
        ({"middle.inner": "null"}, ["middle.inner=null"], ("middle.inner", None)),
        ({"late": "5"}, ["late=5"], ("late", 5)),
        ({"hooks": "[{size: 2}]"}, None, "hooks is read-only"),
        ({"quiet": "49"}, None, "quiet is 49; it must be at least 50"),
    ],
)  # fmt: skip
def test_what_is_posted_means_what_it_says(
    strange: Any, posted: dict[str, Any], words: list[str] | None, value: Any
) -> None:
    posted = {f"strange.{name}": text for name, text in posted.items()}
    if words is None:
        assert value in strange.refused(posted)[1]
        return

    made = strange.words(posted)

    assert made == [f"strange.{word}" for word in words]
    found = strange.check(*made).config.strange
    for name in value[0].split("."):
        found = getattr(found, name)
    assert found == value[1]
    assert type(found) is type(value[1])


def test_an_enum_whose_name_yaml_takes_for_true_is_chosen(strange: Any) -> None:
    words = strange.words({"strange.maybe_mode": "ON", "strange.mode": "WIDE"})

    config = strange.check(*words).config.strange

    assert (config.maybe_mode.name, config.mode.name) == ("ON", "WIDE")


def test_code_and_paths_deep_within_are_found(strange: Any, tmp_path: Path) -> None:
    for words, key in (
        (["strange.hooks=[{code: os.system}]"], "strange.hooks[0].code"),
        ([f"strange.path={tmp_path}"], "strange.path"),
        ([f"strange.paths=[data/a, {tmp_path}]"], "strange.paths"),
        (["strange.path=data/../.."], "strange.path"),
    ):
        with pytest.raises(strange.RefusedField) as caught:
            strange.check(*words)
        assert caught.value.key == key
    assert strange.check("strange.hooks=[{size: 3}]").config.strange.hooks[0].size == 3
    assert strange.check("strange.paths=[data/a]").config.strange.paths == [Path("data/a")]


def test_source_that_cannot_be_read_gives_no_help(strange: Any) -> None:
    made: dict[str, Any] = {}
    exec(  # a class without a file
        "from dataclasses import dataclass\n@dataclass\nclass Made:\n  size: int = 1  # of it\n",
        made,
    )
    comments = strange.package.module("core.ui.form.field_comments")
    ranges = strange.package.module("core.ui.form.field_ranges")

    assert comments.field_help(made["Made"]) == {}
    assert comments.class_help(made["Made"]) == ""
    assert ranges.field_ranges(made["Made"]) == {}
