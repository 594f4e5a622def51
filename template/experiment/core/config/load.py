"""From words to configuration: defaults, then YAML files, --set-json, key=value, then options.

Template's file: updates replace it. What can be set stands in core/config.py and in your
experiment/config.py; OmegaConf is imported once it is needed, so that --help answers at once.
"""

import inspect
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .cli import CORE_ARGUMENTS

if TYPE_CHECKING:
    from .assembly import Assembly
    from .given import Given

ConfigT = TypeVar("ConfigT")
DEFAULT = "default"


@dataclass(frozen=True)
class Settings(Generic[ConfigT]):
    """A configuration, and where each of its values came from."""

    config: ConfigT
    origins: dict[str, str]  # "model.depth" -> "default", "configs/experiment.yaml:14", ...


def load_settings(config_class: type[ConfigT], arguments: Namespace) -> Settings[ConfigT]:
    """The configuration that the command line asks for; the later of two values wins.

    Raises:
        UserError: The first thing that is wrong, with its key and place.
    """
    assembly = assemble(config_class, arguments)
    config = assembly.build()
    return Settings(config, {key: assembly.places.get(key, DEFAULT) for key, _ in leaves(config)})


def assemble(config_class: type, arguments: Namespace) -> "Assembly":
    """The same, open to more values."""
    from .assembly import Assembly

    assembly = Assembly(config_class)
    for key, given in _sources(arguments):
        assembly.set(key, given)
    _let_typed_length_count(assembly)
    return assembly


def _let_typed_length_count(assembly: "Assembly") -> None:
    """Epochs that are typed replace the steps that a file sets, and steps the epochs."""
    from .given import COMMAND_LINE, from_value

    lengths = ("trainer.max_epochs", "trainer.max_steps")
    typed = [key for key in lengths if assembly.places.get(key) == COMMAND_LINE]
    for key, other in (lengths, lengths[::-1]):
        if typed == [key] and assembly.get(key) is not None:
            assembly.set(other, from_value(None))


def _sources(arguments: Namespace) -> "Iterator[tuple[str, Given]]":
    from .given import from_file, from_json, from_value, from_word

    given = vars(arguments)
    for path in given.get("config", []):
        yield from from_file(path).items()
    if text := given.get("set_json"):
        yield from from_json(text).items()
    for word in given.get("overrides", []):
        key, _, text = word.partition("=")
        yield key, from_word(text)
    for key, value in given.items():
        if key not in CORE_ARGUMENTS:
            yield key, from_word(value) if isinstance(value, str) else from_value(value)


# --- The finished configuration, as plain values and as text -----------------------------------


def plain(config: Any) -> Any:
    """The configuration as dictionaries, lists and scalars, which any checkpoint may hold."""
    if is_dataclass(config):
        return {field: plain(getattr(config, field)) for field in _in_reading_order(config)}
    if isinstance(config, dict):
        return {key: plain(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return [plain(item) for item in config]
    return config


def leaves(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted key with its value, in the order of ``plain``; an empty section is a leaf."""
    for name in _in_reading_order(config):
        value = getattr(config, name)
        if is_dataclass(value) and fields(value):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def dump_config(config: Any) -> str:
    """The configuration as YAML, which ``--config`` reads again."""
    return "".join(f"{line}\n" for line, _ in _yaml_lines(config))


def describe_settings(settings: Settings[Any]) -> str:
    """The configuration as YAML, with where each value came from."""
    lines = list(_yaml_lines(settings.config))
    width = min(60, max(len(line) for line, _ in lines))
    return "".join(
        f"{line:<{width}}  # {settings.origins[key]}\n" if key else f"{line}\n"
        for line, key in lines
    )


def _yaml_lines(config: Any, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Each line with the key that it sets, or None for a section's heading."""
    indent = "  " * prefix.count(".")
    for name in _in_reading_order(config):
        value = getattr(config, name)
        if is_dataclass(value) and fields(value):
            yield f"{indent}{name}:", None
            yield from _yaml_lines(value, f"{prefix}{name}.")
        else:
            yield f"{indent}{name}: {_in_one_line(plain(value))}", prefix + name


def _in_one_line(value: Any) -> str:
    """The value as YAML that PyYAML and OmegaConf read alike, or else as JSON, which is YAML."""
    import json

    import yaml

    from .given import from_word

    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True)
    text = text.removesuffix("...\n").rstrip("\n")
    reads_back = repr(from_word(text).plain()) == repr(value) and "\n" not in text
    return text if reads_back else json.dumps(value, ensure_ascii=False)


def _in_reading_order(config: Any) -> list[str]:
    """The names of a dataclass's fields: a class's own before those that it inherits."""
    own = inspect.get_annotations(type(config))
    names = [field.name for field in fields(config)]
    return sorted(names, key=lambda name: name not in own)
