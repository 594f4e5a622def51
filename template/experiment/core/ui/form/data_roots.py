"""Where data may lie that the page points to: within ``ui.data_roots``, after links are followed.

Template's file: updates replace it. The command line may point anywhere.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...config.dump import plain
from ...config.meaning import path_kind
from ...config.ui import UiConfig
from ...errors import UserError
from ...files import project_path, shown, typed_path
from .code_settings import fields_within
from .form_fields import RefusedField

UNREADABLE = (OSError, RuntimeError, ValueError)  # a loop of links, a character that no name has


def inside_roots(path: Path, roots: Iterable[str]) -> Path:
    """The path itself, links followed, which lies in one of the folders.

    Args:
        path: It need not exist.
        roots: ``ui.data_roots``; relative ones start at the project.

    Raises:
        UserError: It lies elsewhere.
    """
    roots = list(roots)
    try:
        found = path.resolve()
        if any(found.is_relative_to(project_path(root).resolve()) for root in roots):
            return found
    except UNREADABLE as error:
        raise UserError(f"{shown(path)} cannot be found: {error}") from None
    leads = f" leads to {found}, which" if found != Path(path).absolute() else ""
    raise UserError(f"{shown(path)}{leads} lies outside of {', '.join(roots)} (ui.data_roots)")


def refuse_outside(before: Any, now: Any, ui: UiConfig) -> None:
    """See that what was set points to data within the roots; what the preset says is the preset's.

    Raises:
        RefusedField: It points elsewhere.
    """
    known = dict(_paths(before))
    for key, paths in _paths(now):
        if paths == known.get(key):
            continue
        for path in paths:
            try:
                inside_roots(path, ui.data_roots)
            except UserError as error:
                raise RefusedField(f"{key}: {error}", key) from None


def data_paths(config: Any) -> list[Path]:
    """Every place that a configuration may read data from."""
    return [path for _, paths in _paths(config) for path in paths]


def _paths(config: Any) -> Iterator[tuple[str, list[Path]]]:
    """Every setting that points somewhere, with all the places that it may mean."""
    for key, section, name in fields_within(config):
        value, kind = getattr(section, name), path_kind(type(section), name)
        texts = list(_texts(plain(value))) if kind else list(map(str, _path_values(value)))
        if kind is None and not texts:
            continue
        root = str(getattr(section, "root", ""))
        try:
            yield key, [path for text in texts if text for path in _meant(text, kind, root)]
        except UserError as error:  # a home that nobody has
            raise RefusedField(f"{key}: {error}", key) from None


def _meant(text: str, kind: str | None, root: str) -> list[Path]:
    """The paths that a text may stand for; a name that is no folder's stands for none."""
    if kind == "below":
        return [project_path(root) / text]
    if kind != "name":
        return [project_path(text)]
    places = [typed_path(text), project_path(text), project_path(root) / text]
    is_path = text[0] in "~./\\" or ".." in Path(text).parts or Path(text).is_absolute()
    return places[1:2] if is_path else [place for place in places if _is_there(place)]


def _is_there(place: Path) -> bool:
    try:
        return place.exists() or place.is_symlink()
    except UNREADABLE:
        return True  # let the check say why


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


def _path_values(value: Any) -> Iterator[Path]:
    """The paths in a value, outside of sections, which are looked at by themselves."""
    if isinstance(value, dict | list | tuple):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _path_values(part)
    elif isinstance(value, Path):
        yield value
