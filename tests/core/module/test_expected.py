"""``expected`` of a LightningModule, beside what is seen of it."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from modules import Modules, modules_of

EVERY = ["model.stem.weight", "model.stem.bias", "model.head.weight", "teacher.weight"]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("expected"))


def asked(
    modules: Modules, expected: dict[str, list[str]], so: list[str], not_so: list[str]
) -> list[tuple[str, str]]:
    """What is asked about parameters without gradients."""
    read = modules("core.module.expected").read_expected(SimpleNamespace(expected=expected))
    read.compare("no_gradient", so, not_so, EVERY)
    return [
        (question.seen, question.answer.partition("expected = ")[2]) for question in read.questions
    ]


@pytest.mark.parametrize("name", ["teacher", "teacher.weight", "teach*", "*.weight"])
def test_a_statement_that_holds_is_silent(modules: Modules, name: str) -> None:
    others = ["model.stem.bias"]

    assert asked(modules, {"no_gradient": [name]}, ["teacher.weight"], others) == []


def test_what_is_not_stated_is_added_to_what_is(modules: Modules) -> None:
    found = asked(modules, {"missing": ["validation"]}, ["teacher"], ["model.head.weight"])

    literal = '{"missing": ["validation"], "no_gradient": ["teacher"]}'
    assert found == [("no gradient reached teacher", literal)]


def test_a_long_list_is_shown_in_part_and_stated_whole(modules: Modules) -> None:
    ((seen, literal),) = asked(modules, {}, ["a", "b", "c", "d", "e"], [])

    assert seen == "no gradient reached a, b, c and 2 more"
    assert literal == '{"no_gradient": ["a", "b", "c", "d", "e"]}'


def test_what_is_no_longer_true_is_taken_out(modules: Modules) -> None:
    stated = {"no_gradient": ["teacher", "model.head"]}

    found = asked(modules, stated, ["teacher.weight"], ["model.head.weight"])

    reason = "model.head: model.head.weight gets a gradient"
    assert found == [
        (f'expected["no_gradient"] is no longer true: {reason}', '{"no_gradient": ["teacher"]}')
    ]


def test_a_module_of_which_some_has_changed_is_noticed(modules: Modules) -> None:
    found = asked(modules, {"no_gradient": ["model"]}, EVERY[:1], EVERY[1:3])

    assert "model: model.stem.bias, model.head.weight gets a gradient" in found[0][0]


def test_a_name_that_is_gone_is_noticed_once(modules: Modules) -> None:
    module = SimpleNamespace(expected={"no_gradient": ["model.haed"]})
    read = modules("core.module.expected").read_expected(module)

    for _ in range(2):
        read.compare("no_gradient", (), EVERY, EVERY)

    (question,) = read.questions
    assert "there is no model.haed; did you mean model.head?" in question.seen


def test_what_is_frozen_is_neither_so_nor_not(modules: Modules) -> None:
    assert asked(modules, {"no_gradient": ["teacher"]}, [], ["model.head.weight"]) == []


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        (["teacher"], "expected is ['teacher']; it is a dict"),
        ({"no_grad": ["teacher"]}, "'no_grad' is none of no_gradient, unmoved, random, missing, "),
        ({"no_grad": ["teacher"]}, "did you mean no_gradient?"),
        ({"missing": "validation"}, "missing is 'validation'; it is a list of names"),
        ({"missing": [3]}, "missing is [3]; it is a list of names"),
    ],
)
def test_what_says_nothing_is_a_sentence(modules: Modules, expected: object, sentence: str) -> None:
    with pytest.raises(modules("core.errors").UserError) as refused:
        modules("core.module.expected").read_expected(SimpleNamespace(expected=expected))

    assert sentence in str(refused.value)


def test_a_plain_module_without_it_states_nothing(modules: Modules) -> None:
    assert modules("core.module.expected").read_expected(SimpleNamespace()).stated == {}


def test_that_of_another_module_is_not_changed(modules: Modules) -> None:
    base = modules("core.module.module").Module

    asked(modules, base.expected, ["teacher"], [])

    assert base.expected == {}


def test_the_page_lists_the_kinds(modules: Modules) -> None:
    page = Path(__file__).parents[3].joinpath("docs/interface.md").read_text(encoding="utf-8")
    section = page.partition("### `expected`")[2].partition("\n## ")[0]
    docstring = modules("core.module.expected").__doc__ or ""

    for kind in modules("core.module.expected").KINDS:
        assert f"| `{kind}` |" in section
        assert f"``{kind}``" in docstring
