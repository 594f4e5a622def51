"""From words to configuration: defaults, then YAML files, --set-json, key=value, then options.

Template's file: updates replace it. What can be set stands in core/config/run_config.py and in your
experiment/config.py; OmegaConf is imported once it is needed, so that --help answers at once.
"""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from .cli_options import CORE_ARGUMENTS
from .dump import leaves

if TYPE_CHECKING:
    from .merge import MergedConfig
    from .yaml_reader import Located

ConfigT = TypeVar("ConfigT")
DEFAULT = "default"


@dataclass(frozen=True)
class Settings(Generic[ConfigT]):
    """A configuration, and where each of its values came from."""

    config: ConfigT
    origins: dict[str, str]  # "model.depth" -> "default", "configs/experiment.yaml:14", ...
    remarks: list[str] = field(default_factory=list)  # lines that whoever asked should see


def load_settings(config_class: type[ConfigT], arguments: Namespace) -> Settings[ConfigT]:
    """The configuration that the command line asks for; the later of two values wins.

    Raises:
        UserError: The first thing that is wrong, with its key and place.
    """
    merged = merge_settings(config_class, arguments)
    config = merged.build()
    origins = {key: merged.places.get(key, DEFAULT) for key, _ in leaves(config)}
    return Settings(config, origins, merged.remarks)


def merge_settings(config_class: type, arguments: Namespace) -> "MergedConfig":
    """The same, open to more values."""
    from .merge import MergedConfig

    merged = MergedConfig(config_class)
    for key, given in _sources(arguments):
        merged.set(key, given)
    _let_typed_length_count(merged)
    return merged


def _let_typed_length_count(merged: "MergedConfig") -> None:
    """Epochs that are typed replace the steps that a file sets, and steps the epochs."""
    from .yaml_reader import COMMAND_LINE, from_value

    lengths = ("trainer.max_epochs", "trainer.max_steps")
    typed = [key for key in lengths if merged.places.get(key) == COMMAND_LINE]
    for key, other in (lengths, lengths[::-1]):
        if typed == [key] and merged.get(key) is not None:
            merged.set(other, from_value(None))


def _sources(arguments: Namespace) -> "Iterator[tuple[str, Located]]":
    from .yaml_reader import from_file, from_json, from_value, from_word

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
