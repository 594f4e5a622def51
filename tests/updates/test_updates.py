"""The gate, over what spans it; ``python -m tests.updates`` has everything.

A breach of each promise must be found: a gate that lets everything through holds nothing.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.experiment import Server
from harness.matrix import spanned
from projects import DEFAULT_TASK, Folder

from updates import bold as bold  # registers its edits
from updates.audit import Audit, Entry, added, missing, named
from updates.breaches import BREACHES, publish_breach
from updates.edits import EDITS
from updates.matrix import Bench, Cell
from updates.naive import naive
from updates.quick import WATCHED, Watch, watch_copier
from updates.releases import RELEASES, publish, published
from updates.shield import shielded

pytestmark = pytest.mark.slow
SPANNING = ("all ordinary together", "everything reformatted")
# Found by what finds others, which stay: path_dropped_from_both_lists, fence_moved, unguarded_task.
LIKE_OTHERS = ("seed_file_retired", "line_below_a_fence", "volatile_value", "hook_that_runs_twice")


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Copier, watched, in this process; other files' tests find it as it was."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in WATCHED:
            patch.setattr(owner, name, getattr(owner, name))
        yield watch_copier(tmp_path_factory.mktemp("renderings"))


@pytest.fixture(scope="module")
def bench(watch: Watch, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The whole history."""
    folder = tmp_path_factory.mktemp("updates")
    return Bench(publish(folder / "template"), folder / "kept", watch)


# ------------------------------------------------------------------------------------- the promise
def test_there_are_enough_releases_and_edits() -> None:
    assert len(RELEASES) >= 16
    assert len([edit for edit in EDITS.values() if not edit.bold]) >= 24
    assert set(SPANNING) < set(EDITS)


@pytest.mark.parametrize("edit", SPANNING)
def test_an_edited_project_survives_the_whole_history_in_one_jump(bench: Bench, edit: str) -> None:
    outcome = bench.tried(Cell(DEFAULT_TASK, EDITS[edit], "jump"))

    assert outcome.found
    assert not outcome.faults()


def test_bold_edits_are_never_lost_in_silence(bench: Bench) -> None:
    outcome = bench.tried(Cell(DEFAULT_TASK, EDITS["all bold together"], "jump"))

    assert {"C", "L"} <= {finding.code for finding in outcome.found[0]}
    assert not outcome.faults()


@pytest.mark.parametrize("name", spanned(BREACHES, LIKE_OTHERS))
def test_a_breach_is_found(bench: Bench, name: str) -> None:
    breach = BREACHES[name]
    tag = publish_breach(bench.template, name)
    cell = Cell(breach.answers, EDITS[breach.edit], "jump", start=breach.start, end=tag)

    outcome = bench.tried(cell)

    faults = [finding for _, finding in outcome.faults()]
    assert {finding.code for finding in faults} & set(breach.codes), faults


@pytest.mark.matrix  # that its conflicts are found: test_a_breach_is_found[fence_moved]
def test_the_naive_layout_leads_to_conflicts(watch: Watch, tmp_path: Path) -> None:
    bench = Bench(publish(tmp_path / "template", naive), tmp_path / "kept", watch, yours=())

    outcome = bench.tried(Cell(DEFAULT_TASK, EDITS["all ordinary together"], "jump"))

    assert "C" in {finding.code for _, finding in outcome.faults()}


def test_the_newest_core_runs_the_files_of_the_first_release(
    bench: Bench, server: Server, tmp_path: Path
) -> None:
    lived = shielded(bench, server, DEFAULT_TASK, "loss and transforms", tmp_path)

    assert 0 < lived.from_step < lived.steps


def test_published_tags_join_the_history(tmp_path: Path) -> None:
    source = Folder(tmp_path / "source")
    source.path.mkdir()
    source.git("init", "--quiet")
    source.append("copier.yml", "x: {type: str, default: y}")
    source.commit()
    source.git("tag", "v0.1.0")

    template = publish(tmp_path / "template", source=source.path)

    assert published(template) == ["v0.1.0"]


# --------------------------------------------------------------------------------------- the audit
def trees(before: str, after: str, **others: str) -> Audit:
    """A shared file of which the template has made ``base``, and makes ``fresh`` now."""
    texts = {
        "base": "a\nb\nc\n",
        "fresh": "a\nb\nc\nnew\n",
        "before": before,
        "after": after,
        **others,
    }
    files = {name: {"file": Entry("file", text.encode())} for name, text in texts.items()}
    files = {name: {} if texts[name] == "" else tree for name, tree in files.items()}
    return Audit(**files, conflicts=set(), named=set())


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("a\nb\nc\n", "a\nb\nc\nnew\n", ""),
        ("a\nmine\nb\nc\n", "a\nmine\nb\nc\nnew\n", ""),
        ("a\nmine\nb\nc\n", "a\nb\nc\nnew\n", "X"),
        ("a\nmine\nb\nc\n", "a\nmine \nb\nc\nnew\n", "X"),
        ("a\nmine\nb\nc\nours\n", "a\nours\nmine\nb\nc\nnew\n", "X"),  # in another order
        ("a\nmine\nb\nc\n", "", "X"),
        ("a\nmine\nb\nc\n", "a\nmine\nb\nc\n", "N"),
        ("a\nb\nc\n", "a\nb\nc\n", "N"),
        ("a\nc\n", "a\nb\nc\nnew\n", "R"),
        ("", "a\nb\nc\nnew\n", "R"),
    ],
)
def test_the_audit_sees(before: str, after: str, codes: str) -> None:
    found = trees(before, after).findings()

    assert "".join(finding.code for finding in found) == codes


def test_what_the_hook_names_ends_where_its_list_ends() -> None:
    said = "The update needs you first:\n  a.py: gone\n  b c.py: a conflict\n\nNext:\n  git diff\n"

    assert named(said) == {"a.py", "b c.py"}


def test_the_order_of_lines_counts() -> None:
    assert added([b"a", b"b"], [b"a", b"x", b"", b"b", b"y"]) == [b"x", b"y"]
    assert missing([b"x", b"y"], [b"y", b"x"]) == [b"y"]
    assert missing([b"x", b"x"], [b"x"]) == [b"x"]
