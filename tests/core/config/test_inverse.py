"""Written and read are inverses, for every type that a field may have and in every place."""

import dataclasses
import enum
import json
import math
import os
import re
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modules import Modules, modules_of


class Kind(enum.Enum):
    WIDE = "wide"
    DEEP = 2


@dataclass
class Part:
    name: str = "a"
    size: int = 1
    kind: Kind = Kind.WIDE


@dataclass
class Whole:
    """A field of each type."""

    kind: Kind = Kind.WIDE
    path: Path = Path("a")
    parts: list[Part] = field(default_factory=list)
    named: dict[str, Part] = field(default_factory=dict)
    numbered: dict[int, str] = field(default_factory=dict)
    by_kind: dict[Kind, int] = field(default_factory=dict)
    section: Part = field(default_factory=Part)
    maybe: Part | None = None
    text: str = ""
    texts: list[str] = field(default_factory=list)
    perhaps: str | None = None
    choice: Literal["a", "b", 3] = "a"
    pair: tuple[int, str] = (1, "a")
    rates: tuple[float, ...] = ()
    rows: list[list[int]] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    curves: dict[str, list[float]] = field(default_factory=dict)
    rate: float = 0.0
    count: int = 0
    limit: int | float | None = None
    on: bool = False
    kinds: list[Kind] = field(default_factory=list)
    maybe_path: Path | None = None
    anything: dict[str, Any] = field(default_factory=dict)
    gaps: dict[str, Part | None] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=lambda: {"a": 1})


TRAPS = ["${oops", "${env:HOME}", "${rate}", "\\${x}", "\\\\${x}", "1e-3", "on", "null", "None"]
TRAPS += ["~", "", "a\nb", "é", "#x", "- a", "{a: b}", "1_000", "0o7", "2020-01-01", " x ", "a: b"]
# What YAML may hold: no control characters and no halves of characters.
PRINTED = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp", "Cf"))
text = st.sampled_from(TRAPS) | st.text(PRINTED)
name = st.text("abcxyz_", min_size=1, max_size=8)
whole = st.integers(-(10**20), 10**20)
number = st.floats()
part = st.builds(Part, text, whole, st.sampled_from(Kind))
path = text.filter(lambda t: t and "\n" not in t and not t.startswith("~")).map(Path)
free = st.recursive(
    st.none() | st.booleans() | whole | number | text,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(name, inside, max_size=3),
    max_leaves=5,
)
WHOLES = st.builds(
    Whole,
    kind=st.sampled_from(Kind),
    path=path,
    parts=st.lists(part, max_size=3),
    named=st.dictionaries(name, part, max_size=2),
    numbered=st.dictionaries(st.integers(-99, 99), text, max_size=3),
    by_kind=st.dictionaries(st.sampled_from(Kind), whole),
    section=part,
    maybe=st.none() | part,
    text=text,
    texts=st.lists(text, max_size=4),
    perhaps=st.none() | text,
    choice=st.sampled_from(["a", "b", 3]),
    pair=st.tuples(whole, text),
    rates=st.lists(number, max_size=3).map(tuple),
    rows=st.lists(st.lists(whole, max_size=3), max_size=3),
    pairs=st.lists(st.tuples(whole, whole), max_size=3),
    curves=st.dictionaries(name, st.lists(number, max_size=3), max_size=2),
    rate=number,
    count=whole,
    limit=st.none() | whole | number,
    on=st.booleans(),
    kinds=st.lists(st.sampled_from(Kind), max_size=3),
    maybe_path=st.none() | path,
    anything=st.dictionaries(name, free, max_size=3),
    gaps=st.dictionaries(name, st.none() | part, max_size=2),
    started=st.dictionaries(name, whole, max_size=2),
)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def load(modules: Modules) -> Callable[..., Any]:
    """A configuration, as the command line has it."""

    def loaded(config_class: type = Whole, **arguments: Any) -> Any:
        given = Namespace(**{"config": [], **arguments})
        return modules("core.config.load").load_settings(config_class, given).config

    return loaded


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types; NaN is itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if dataclasses.is_dataclass(one):
        return same(vars(one), vars(other))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


EVERYWHERE = settings(
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    deadline=None,
    derandomize="EXAMPLES" not in os.environ,  # CI tries the same ones each time
    suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
)


@EVERYWHERE
@given(written=WHOLES)
def test_in_every_place(
    modules: Modules, load: Callable[..., Any], written: Whole, tmp_path_factory: Any
) -> None:
    dump, back = modules("core.config.dump"), modules("core.config.field_types").from_plain
    folder = tmp_path_factory.mktemp("places")

    (folder / "config.yaml").write_text(dump.dump_config(written), encoding="utf-8")
    assert same(load(config=[folder / "config.yaml"]), written)
    changes = modules("core.config.diff").changes_since
    read = modules("core.config.yaml_reader").from_file(folder / "config.yaml")
    recorded = dump.unescaped({key: value.plain() for key, value in read.items()})
    assert changes(recorded, written) == []

    words = json.dumps(dump.escaped(dump.plain(written)))
    assert same(load(set_json=words), written)

    torch.save(dump.plain(written), folder / "hyper-parameters.pt")
    saved = torch.load(folder / "hyper-parameters.pt", weights_only=True)
    assert changes(saved, written) == []
    assert same(back(Whole, saved), written)

    facts = modules("core.data.facts").stored_facts(folder / "facts.json", Whole, lambda: written)
    assert same(facts, written)


def test_a_module_is_loaded_with_its_configuration_and_facts(
    modules: Modules, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "experiment")
    config, facts = modules("config").Config(), modules("data").Facts
    config.model.width, known = 4, facts(["a", "b"], 1, [0.0, 255.0], 8, [0.5], [0.5])
    module_type = modules("module").ExperimentModule
    made = module_type(config, known)
    checkpoint = {
        "state_dict": made.state_dict(),
        "hyper_parameters": dict(made.hparams),
        "pytorch-lightning_version": version("pytorch-lightning"),
    }
    torch.save(checkpoint, tmp_path / "a.ckpt")

    module = module_type.load_from_checkpoint(tmp_path / "a.ckpt")

    assert (module.config, module.class_names) == (config, ["a", "b"])
    old = torch.load(tmp_path / "a.ckpt", weights_only=True)
    saved = old["hyper_parameters"]["config"]
    saved["model"]["gone"], saved["optimizer"]["name"] = 3, "adam"
    del saved["schedule"]["factor"]
    torch.save(old, tmp_path / "old.ckpt")
    assert module_type.load_from_checkpoint(tmp_path / "old.ckpt").config.optimizer.name == "adam"
    assert "config.model.gone=3 of the checkpoint is no setting any more" in caplog.text
    saved["model"]["width"] = "wide"
    torch.save(old, tmp_path / "wrong.ckpt")
    with pytest.raises(modules("core.errors").UserError, match=r"width is 'wide', which"):
        module_type.load_from_checkpoint(tmp_path / "wrong.ckpt")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (set[int], "Mine.value: set[int] cannot stand in YAML; take a list"),
        (bytes, "Mine.value: bytes cannot stand in YAML; take text, or the path of a file"),
        (Callable[[int], int], "cannot stand in YAML; take its name as text"),
        (list[complex], "complex cannot stand in YAML; take two numbers"),
        (torch.dtype, "dtype cannot stand in YAML; take its name as text"),
        (Part | int, "is either of two kinds of section"),
    ],
)
def test_what_no_configuration_can_hold(
    modules: Modules, load: Callable[..., Any], wanted: Any, sentence: str
) -> None:
    mine = dataclasses.make_dataclass("Mine", [("value", wanted, field(default=None))])

    with pytest.raises(modules("core.errors").UserError) as refused:
        load(mine)

    assert str(refused.value).startswith("experiment/config.py: Mine.value: ")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("kind=WIDER", "kind is 'WIDER'; it must be WIDE or DEEP"),
        ("parts=[{nme: a}]", "parts[0].nme is not a setting; did you mean parts[0].name?"),
        ("parts=[{size: big}]", "parts[0].size is 'big'; it must be a whole number"),
        ("parts=[3]", "parts[0] is 3; it must be a section with name, size, kind"),
        ("named={x: {sze: 1}}", "named.x.sze is not a setting; did you mean named.x.size?"),
        ("numbered={one: a}", "numbered: one is none of its names: a whole number"),
        ("by_kind={WIDER: 1}", "by_kind: WIDER is none of its names: WIDE or DEEP"),
        ("text=${nowhere}", "text"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    modules: Modules, load: Callable[..., Any], word: str, sentence: str
) -> None:
    with pytest.raises(modules("core.errors").UserError, match=re.escape(sentence)) as refused:
        load(overrides=[word])

    assert "\n" not in str(refused.value)


def test_references_are_followed_and_long_lists_too(load: Callable[..., Any]) -> None:
    @dataclass
    class Long:
        indices: list[int] = field(default_factory=list)
        again: Any = None
        name: str = "run-${depth}"
        depth: int = 3

        def __post_init__(self) -> None:
            if 5000 in self.indices:
                raise ValueError("indices holds 5000")

    many = ", ".join(map(str, range(1200)))
    assert load(Long, overrides=[f"indices=[{many}]"]).indices == list(range(1200))
    assert load(Long, overrides=["depth=4"]).name == "run-4"
    followed = load(Long, overrides=[f"indices=[{many}]", "again=${indices}"])
    assert followed.again == list(range(1200))
    with pytest.raises(Exception, match="command line: indices holds 5000"):
        load(Long, overrides=[f"indices=[{many}, 5000]"])
    with pytest.raises(Exception, match="it must be a list of whole numbers"):
        load(Long, overrides=[f"indices=[{many}, x]"])


def test_facts_that_are_no_plain_values(modules: Modules, tmp_path: Path) -> None:
    stored, error = modules("core.data.facts").stored_facts, modules("core.errors").UserError

    def refused(wanted: Any, value: Any) -> str:
        facts = dataclasses.make_dataclass("Facts", [("mean", wanted)])
        with pytest.raises(error) as raised:
            stored(tmp_path / "facts.json", facts, lambda: facts(value))
        assert not (tmp_path / "facts.json").exists()
        return str(raised.value)

    assert "Facts.mean: Tensor cannot stand in YAML" in refused(torch.Tensor, torch.zeros(2))
    assert "Facts.mean: Object of type Tensor" in refused(list[float], torch.zeros(2))
    assert "Facts.mean: mean is 'x', which is no float" in refused(float, "x")


def test_checks_see_long_lists_whole(load: Callable[..., Any]) -> None:
    @dataclass
    class Inside:
        indices: list[int] = field(default_factory=list)
        seen: int = field(init=False, default=0)

        def __post_init__(self) -> None:
            if len(self.indices) == 1:
                raise ValueError("indices is one")

    @dataclass
    class Outside:
        inside: Inside = field(default_factory=Inside)

    many = ", ".join(map(str, range(1500)))
    assert len(load(Outside, overrides=[f"inside.indices=[{many}]"]).inside.indices) == 1500
    with pytest.raises(Exception, match=r"command line: inside\.indices is one"):
        load(Outside, overrides=["inside.indices=[3]"])


def test_a_mapping_replaces_the_class_s_own_and_adds_to_a_file_s(
    load: Callable[..., Any], tmp_path: Path
) -> None:
    @dataclass
    class Mine:
        mapping: dict[str, int] = field(default_factory=lambda: {"a": 1})

    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("mapping: {b: 2}\n")
    two.write_text("mapping: {c: 3}\n")

    assert load(Mine, overrides=["mapping.b=2"]).mapping == {"a": 1, "b": 2}
    assert load(Mine, config=[one]).mapping == {"b": 2}
    assert load(Mine, config=[one, two], overrides=["mapping.b=4"]).mapping == {"b": 4, "c": 3}


def test_a_section_that_is_switched_off_takes_its_long_list_with_it(
    load: Callable[..., Any],
) -> None:
    @dataclass
    class Inside:
        indices: list[int] = field(default_factory=list)

    @dataclass
    class Outside:
        inside: Inside | None = field(default_factory=Inside)

    many = f"inside.indices=[{', '.join(map(str, range(1500)))}]"
    assert load(Outside, overrides=[many, "inside=null"]).inside is None
    assert load(Outside, overrides=[many, "inside=null", "inside={}"]).inside == Inside()
