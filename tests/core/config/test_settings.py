"""From YAML and words to a configuration: what holds, where it came from, what is refused."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import yaml
from assemble import ROOT, TASK, Package, assemble

YAML = ROOT / "tasks" / TASK / "experiment.yaml"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("settings")))


class Loader:
    """``load("model.depth=3", file="model: {width: 8}")``, in an empty folder."""

    def __init__(self, package: Package) -> None:
        self.Config = package.module("config").Config
        self.settings = package.module("core.config.load")
        self.dump = package.module("core.config.dump")
        self.UserError = package.module("core.errors").UserError

    def __call__(self, *words: str, file: str | None = None, **arguments: Any) -> Any:
        paths = arguments.pop("config", [])
        if file is not None:
            Path("a.yaml").write_text(file)
            paths = ["a.yaml"]
        arguments = {"config": paths, "overrides": list(words), **arguments}
        return self.settings.load_settings(self.Config, Namespace(**arguments))

    def error(self, *words: str, **arguments: Any) -> str:
        with pytest.raises(self.UserError) as caught:
            self(*words, **arguments)
        message = str(caught.value)
        assert "\n" not in message
        return message


@pytest.fixture
def load(package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    monkeypatch.chdir(tmp_path)
    return Loader(package)


# --- What holds --------------------------------------------------------------------------------


def test_the_shipped_yaml_loads_into_real_dataclasses(load: Loader) -> None:
    config = load(config=[str(YAML)]).config

    assert type(config) is load.Config
    assert (config.data.source, config.data.batch_size) == ("demo", 128)
    assert config.optimizer.betas == (0.9, 0.999)


def test_a_length_that_is_typed_replaces_the_file_s(load: Loader) -> None:
    steps = "trainer: {max_steps: 360, max_epochs: null}"
    epochs = "trainer: {max_epochs: 40}"

    def length(*words: str, file: str, **arguments: Any) -> tuple[int | None, int | None]:
        trainer = load(*words, file=file, **arguments).config.trainer
        return trainer.max_epochs, trainer.max_steps

    assert length(file=steps) == (None, 360)
    assert length("trainer.max_epochs=3", file=steps) == (3, None)
    assert length("trainer.max_steps=7", file=epochs) == (None, 7)
    assert length(file=steps, set_json='{"trainer": {"max_epochs": 3}}') == (3, None)
    assert length("trainer.max_epochs=3", "trainer.max_steps=7", file=epochs) == (3, 7)
    assert length("trainer.max_epochs=null", file=steps) == (None, 360)


def test_a_run_without_an_end_is_refused(load: Loader) -> None:
    sentence = "max_epochs is null; it, max_steps or max_time must say when to stop"

    assert load.error(file="trainer: {max_epochs: null}") == f"a.yaml:1: trainer.{sentence}"
    assert load("trainer.max_time=1:00:00", file="trainer: {max_epochs: null}")


def test_the_later_of_two_values_wins(load: Loader) -> None:
    Path("b.yaml").write_text("model: {depth: 3, width: 3}")
    Path("a.yaml").write_text("model: {depth: 2, width: 2, dropout: 0.2}\nseed: 2")

    settings = load(
        "seed=5",
        "model.num_heads=5",
        "model.num_heads=6",
        config=["a.yaml", "b.yaml"],
        set_json='{"model.width": 4, "seed": 4, "model": {"num_heads": 4}}',
        seed="7",
    )

    model = settings.config.model
    assert (model.patch_size, model.dropout, model.depth) == (2, 0.2, 3)
    assert (model.width, model.num_heads, settings.config.seed) == (4, 6, 7)


def test_every_value_knows_where_it_came_from(load: Loader) -> None:
    origins = load("model.width=8", file="# one\nmodel:\n  depth: 3\n  width: 4\n").origins

    assert origins["model.depth"] == "a.yaml:3"
    assert origins["model.width"] == "command line"
    assert origins["model.dropout"] == "default"
    assert origins["callbacks.ema"] == "default"


@pytest.mark.parametrize("nothing", ["", "# nothing\n", "---\n", "model:\n  # depth: 3\n"])
def test_an_empty_file_sets_nothing(load: Loader, nothing: str) -> None:
    assert load(file=nothing).config == load.Config()


def test_a_file_may_use_dotted_keys_anchors_and_interpolation(load: Loader) -> None:
    file = "data: &small {batch_size: 8}\nmodel.depth: 3\nmodel: {width: '${data.batch_size}'}"

    assert load(file=file).config.model.width == 8
    assert load(file=file).config.model.depth == 3
    assert load(file="model: {<<: {width: 4, depth: 2}, width: 8}").config.model.width == 8


def test_the_dump_is_read_back_as_the_same(load: Loader) -> None:
    words = (
        "logger.project=1e-3",
        "logger.entity='off'",
        "logger.tags=[a b, '3']",
        "callbacks.ema={}",
    )
    config = load(*words).config

    again = load(file=load.dump.dump_config(config)).config

    assert again == config
    assert yaml.safe_load(load.dump.dump_config(config)) == load.dump.plain(config)


def test_the_description_is_yaml_with_the_origins_beside(load: Loader) -> None:
    settings = load("model.depth=3", config=[str(YAML)])

    text = load.dump.describe_config(settings.config, settings.origins)

    described = yaml.safe_load(text)
    assert described.pop("ui") == load.dump.plain(settings.config.ui)  # which no record has
    assert described == load.dump.plain(settings.config)
    lines = {line.strip() for line in text.splitlines()}
    assert any(line.startswith("depth: 3  ") and line.endswith("# command line") for line in lines)
    places = [line.index("  # ") for line in text.splitlines() if "  # " in line]
    assert min(places) == max(place for place in places if place <= 60)
    assert [line.split()[0] for line in text.splitlines() if "  # " in line[61:]] == ["plain:"]


# --- Words that mean another value -------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("optimizer.learning_rate=1e-3", 0.001),
        ("optimizer.learning_rate=3", 3.0),
        ("optimizer.betas=[0.5, 1e-1]", (0.5, 0.1)),
        ("model.depth=3.0", 3),
        ("data.limit=None", None),
        ("data.limit=null", None),
        ("data.indices=[1, 2.0]", [1, 2]),
        ("logger.wandb=off", "off"),
        ("logger.entity=abc: def", "abc: def"),
        ("logger.project=[unclosed", "[unclosed"),
        ("data.dataset=1.10", "1.10"),
        ("logger.tags=[on, 1.10]", ["on", "1.10"]),
        ("trainer.max_time=1:30:00", "1:30:00"),  # 5400 to YAML 1.1
        ("trainer.devices=2", 2),
        ("trainer.devices=[0, 1]", [0, 1]),
        ("trainer.devices=auto", "auto"),
        ("trainer.limit_train_batches=1e-1", 0.1),
        ("trainer.limit_train_batches=3", 3),
        ("data.augment=False", False),
    ],
)
def test_words_of_the_command_line(load: Loader, word: str, value: object) -> None:
    got = load(word).config
    for name in word.partition("=")[0].split("."):
        got = getattr(got, name)

    assert got == value
    assert type(got) is type(value)


def test_json_of_an_agent_has_exact_types(load: Loader) -> None:
    values = {
        "optimizer": {"learning_rate": "1e-3"},
        "model.depth": 3.0,
        "data": {"limit": "None", "dataset": None},
        "trainer.limit_val_batches": "1e-1",
        "_wandb": {"anything": 1},
        "wandb_version": 1,
    }

    config = load(set_json=json.dumps(values)).config

    assert config.optimizer.learning_rate == 0.001
    assert config.model.depth == 3
    assert (config.data.limit, config.data.dataset) == (None, None)
    assert config.trainer.limit_val_batches == 0.1


def test_python_repr_of_an_agent_is_read(load: Loader) -> None:
    config = load("data={'limit': None, 'batch_size': 16}", "model={'pretrained': True}").config

    assert (config.data.limit, config.data.batch_size, config.model.pretrained) == (None, 16, True)


def test_text_in_a_file_stays_as_it_is_written(load: Loader) -> None:
    file = "trainer: {max_time: 1:30:00}\nlogger: {project: 007, tags: [1.10]}"

    config = load(file=file).config

    assert (config.trainer.max_time, config.logger.project) == ("1:30:00", "007")
    assert config.logger.tags == ["1.10"]


# --- Optional sections and free mappings -------------------------------------------------------


def test_an_optional_section_is_switched_on_and_off(load: Loader) -> None:
    assert load("callbacks.ema={}").config.callbacks.ema.decay == 0.999
    assert load("callbacks.ema.decay=0.9").config.callbacks.ema.decay == 0.9
    assert load(file="callbacks: {ema: {}}").config.callbacks.ema.decay == 0.999
    assert load("callbacks.ema=null", file="callbacks: {ema: {}}").config.callbacks.ema is None
    assert load("callbacks.ema=None", file="callbacks.ema: {}").config.callbacks.ema is None
    assert (
        load("callbacks.learning_rate_monitor=null").config.callbacks.learning_rate_monitor is None
    )


def test_a_section_that_is_off_forgets_its_origins(load: Loader) -> None:
    settings = load("callbacks.ema=null", "callbacks.ema={}", file="callbacks.ema.decay: 0.5")

    assert settings.config.callbacks.ema.decay == 0.999
    assert settings.origins["callbacks.ema.decay"] == "default"


def test_extra_callbacks_take_anything(load: Loader) -> None:
    file = "callbacks:\n  extra:\n    pkg.Mine: {count: 3, rate: 1e-3, names: [a]}\n"

    extra = load("callbacks.extra.pkg.Mine.count=4", "callbacks.extra.pkg.Other={}", file=file)

    mine = {"count": 4, "rate": 0.001, "names": ["a"]}
    assert extra.config.callbacks.extra == {"pkg.Mine": mine, "pkg.Other": {}}
    assert load(file="callbacks:\n  extra:\n").config.callbacks.extra == {}


# --- What is refused ---------------------------------------------------------------------------


def one_letter_wrong() -> list[Any]:
    """Every key of the shipped YAML with its last or its middle letter wrong, and its line."""
    lines = YAML.read_text().splitlines()
    section, cases = "", []
    for number, line in enumerate(lines, start=1):
        name = line.partition(":")[0].strip()
        if not name or name.startswith("#"):
            continue
        key = f"{section}.{name}" if line.startswith(" ") else name
        section = section if line.startswith(" ") else name
        for at in {len(name) // 2, len(name) - 1}:
            wrong = name[:at] + "x" + name[at + 1 :]
            broken = [*lines[: number - 1], line.replace(name, wrong, 1), *lines[number:]]
            wrong_key = key.removesuffix(name) + wrong
            cases.append(pytest.param("\n".join(broken), number, wrong_key, key, id=wrong_key))
    return cases


@pytest.mark.parametrize(("file", "line", "wrong", "right"), one_letter_wrong())
def test_a_wrong_letter_is_refused(
    load: Loader, file: str, line: int, wrong: str, right: str
) -> None:
    message = f"a.yaml:{line}: {wrong} is not a setting; did you mean {right}?"
    assert load.error(file=file) == message


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("model.detph=3", "model.detph is not a setting; did you mean model.depth?"),
        ("modle.depth=3", "modle.depth is not a setting; did you mean model.depth?"),
        ("batch_size=3", "batch_size is not a setting; did you mean data.batch_size?"),
        ("model.batch_size=3", "model.batch_size is not a setting; did you mean data.batch_size?"),
        ("model.depth.x=3", "model.depth.x is not a setting; did you mean model.depth?"),
        ("callbacks.ema.dekay=1", "callbacks.ema.dekay is not a setting; did you mean "
         "callbacks.ema.decay?"),
        ("model.xyzzy=3", "model.xyzzy is not a setting; model has name, width, depth, patch_size, "
         "num_heads, dropout, pretrained"),
        ("model.depth=three", "model.depth is 'three'; it must be a whole number"),
        ("model.depth=3.5", "model.depth is 3.5; it must be a whole number"),
        ("model.depth=true", "model.depth is true; it must be a whole number"),
        ("model.depth=null", "model.depth is null; it must be a whole number"),
        ("model.depth=None", "model.depth is 'None'; it must be a whole number"),
        ("model.depth={a: 1}", "model.depth is {'a': 1}; it must be a whole number"),
        ("optimizer.learning_rate=fast", "optimizer.learning_rate is 'fast'; it must be a number"),
        ("data.augment=maybe", "data.augment is 'maybe'; it must be true or false"),
        ("data.source=demon", "data.source is 'demon'; it must be demo, torchvision, huggingface "
         "or folder"),
        ("logger.wandb=false", "logger.wandb is false; it must be auto, online, offline or off"),
        ("optimizer.betas=[0.9]", "optimizer.betas is [0.9]; it must be a list of 2 numbers"),
        ("optimizer.betas=[a, b]", "optimizer.betas is ['a', 'b']; it must be a list of 2 numbers"),
        ("data.indices=3", "data.indices is 3; it must be a list of whole numbers or null"),
        ("data.limit=[3]", "data.limit is [3]; it must be a whole number or null"),
        ("model=3", "model is 3; it must be a section with name, width, depth, patch_size, "
         "num_heads, dropout, pretrained"),
        ("callbacks.ema=3", "callbacks.ema is 3; it must be null (off), {} (on) or a section with "
         "decay"),
        ("callbacks.extra=3", "callbacks.extra is 3; it must be a mapping"),
        ("data.root=caf\udce9", "caf\\xe9 is not UTF-8, which a configuration is kept in: let a "
         "link of another name lead there, ln -s"),
    ],
)  # fmt: skip
def test_words_that_are_refused(load: Loader, word: str, says: str) -> None:
    assert load.error(word) == f"command line: {says}"


def test_a_mapping_says_what_its_names_hold(package: Package) -> None:
    in_words = package.module("core.config.schema").in_words

    assert in_words(dict[str, list[int]]) == "a mapping, each name with a list of whole numbers"
    assert in_words(dict[str, Any] | None) == "a mapping or null"


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("model:\n  depth: three\n", "a.yaml:2: model.depth is 'three'; it must be a whole number"),
        ("model: 3\n", "a.yaml:1: model is 3; it must be a section with name, width, depth, "
         "patch_size, num_heads, dropout, pretrained"),
        ("seed:\n  a: 1\n", "a.yaml:1: seed is {'a': 1}; it must be a whole number"),
        ("data:\n  root:\n", "a.yaml:2: data.root is null; it must be text"),
        ("model:\n  depth: 3\n  width: 4\n  depth: 5\n",
         "a.yaml:4: depth is already set on line 2"),
        ("- a\n- b\n", "a.yaml:1: a configuration file holds lines of 'key: value'"),
        ("[a]: 3\n", "a.yaml:1: a key must be a word"),
        ("\n# YAML 1.1\nlogger:\n  wandb: off\n",
         "a.yaml:4: logger.wandb is false; it must be auto, online, offline or off "
         "(YAML reads off as false: write it in quotes, 'off')"),
        ("logger: {project: on}", "a.yaml:1: logger.project is true; it must be text "
         "(YAML reads on as true: write it in quotes, 'on')"),
        ("logger:\n  tags:\n  - a\n  - no\n", "a.yaml:4: logger.tags[1] is false; it must be text "
         "(YAML reads no as false: write it in quotes, 'no')"),
        ("data:\n  on: 3\n",
         "a.yaml:2: YAML reads the key on as true; write it in quotes, 'on'"),
        ("optimizer: {learning_rate: no}",
         "a.yaml:1: optimizer.learning_rate is false; it must be a number"),
    ],
)  # fmt: skip
def test_files_that_are_refused(load: Loader, file: str, says: str) -> None:
    assert load.error(file=file) == says


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("model:\n\tdepth: 3\n", "a.yaml:2: not valid YAML: "),
        ("model: {depth: 3\ndata: {}\n", "a.yaml:2: not valid YAML: "),
        ("a: b: c\n", "a.yaml:1: not valid YAML: "),
        ("seed: 1\n---\nseed: 2\n", "a.yaml:2: not valid YAML: "),
        ("seed: !!python/name:os.system\n", "a.yaml:1: not valid YAML: "),
        ("seed: *nobody\n", "a.yaml:1: not valid YAML: "),
        ("seed: \x07\n", "a.yaml: not valid YAML: "),
    ],
)
def test_malformed_yaml_names_its_line(load: Loader, file: str, place: str) -> None:
    assert load.error(file=file).startswith(place)


def test_files_that_cannot_be_read(load: Loader) -> None:
    Path("latin.yaml").write_bytes(b"logger: {project: caf\xe9}")

    assert load.error(config=["nope.yaml"]) == "nope.yaml: there is no such file"
    assert load.error(config=["."]).startswith(".: cannot be read: ")
    assert load.error(config=["latin.yaml"]).startswith("latin.yaml: cannot be read: ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"model": {"depth": "three"}}', "model.depth is 'three'; it must be a whole number"),
        ('{"model": {"dpth": 3}}', "model.dpth is not a setting; did you mean model.depth?"),
        ('{"logger": {"project": false}}', "logger.project is false; it must be text"),
        ("[1]", '--set-json takes an object: {"model.depth": 3}'),
    ],
)
def test_json_that_is_refused(load: Loader, text: str, says: str) -> None:
    assert load.error(set_json=text) == f"command line: {says}"
    assert "--set-json is not valid JSON" in load.error(set_json=text[:-1])


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("data.batch_size=0", "data.batch_size is 0; it must be at least 1"),
        ("data.val_fraction=1", "data.val_fraction is 1.0; it must be at least 0 and below 1"),
        ("optimizer.eps=-1", "optimizer.eps is -1.0; it must be above 0, and finite"),
        ("optimizer.eps=.inf", "optimizer.eps is inf; it must be above 0, and finite"),
        ("callbacks.ema.decay=2", "callbacks.ema.decay is 2.0; it must be at least 0 and below 1"),
        ("trainer.max_time=5", "trainer.max_time is 5; it must be HH:MM:SS or DD:HH:MM:SS"),
        ("model.name=vitt", "model.name is 'vitt'; it must be convnet, vit or timm/NAME"),
        ("label_smoothing=1", "label_smoothing is 1.0; it must be at least 0 and below 1"),
        ("data.source=folder", ""),
        ("data.source=torchvision", "data.dataset is null; data.source=torchvision needs the name "
         "of one"),
        ("model.width=${data.nope}", "model.width: Interpolation key 'data.nope' not found"),
    ],
)  # fmt: skip
def test_values_out_of_range_name_key_and_place(load: Loader, word: str, says: str) -> None:
    if not says:
        assert load(word, config=[str(YAML)]).config.data.source == "folder"
        return
    assert load.error(word, config=[str(YAML)]) == f"command line: {says}"
    key, _, value = word.partition("=")
    assert load.error(file=f"\n{key}: {value}\n") == f"a.yaml:2: {says}"
