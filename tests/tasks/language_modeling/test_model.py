"""The network sees no future, its cache changes nothing, and its figures are what they say."""

import math
import shutil
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from jaxtyping import install_import_hook
from torch import Tensor

ROOT = Path(__file__).parents[3]
VOCABULARY, WINDOW = 50, 16


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The task's files in a package with core and blocks, annotations checked at every call."""
    package = tmp_path_factory.mktemp("project") / "experiment"
    shutil.copytree(ROOT / "template/experiment", package)
    for name in ("config", "data", "model", "module"):
        shutil.copy(ROOT / f"tasks/language_modeling/{name}.py", package)
    name = "experiment_of_the_language_models"
    init = package / "__init__.py"
    spec = spec_from_file_location(name, init, submodule_search_locations=[str(package)])
    assert spec
    sys.modules[name] = module_from_spec(spec)
    with install_import_hook(
        [f"{name}.blocks", f"{name}.model", f"{name}.module"], "beartype.beartype"
    ):
        module = import_module(f"{name}.module")
    return SimpleNamespace(
        package=package,
        module=module,
        model=import_module(f"{name}.model"),
        config=import_module(f"{name}.config"),
        generation=import_module(f"{name}.blocks.generation"),
        byte_pairs=import_module(f"{name}.core.data.texts.tokenizer"),
        topics=import_module(f"{name}.core.data.texts.demo_topics"),
        shapes=import_module(f"{name}.core.inspect.shape_docstrings"),
    )


def network(task: Any, **model: Any) -> Any:
    torch.manual_seed(0)
    facts = task.model.Facts("", VOCABULARY, WINDOW)
    config = task.config.ModelConfig(**{"depth": 2, "dim": 16, "num_heads": 4, **model})
    network = task.model.LanguageModel(config, facts).eval()
    with torch.no_grad():  # at its start it says nearly the same of everything
        for parameter in network.parameters():
            parameter.mul_(3.0 if parameter.ndim > 1 else 1.0)
    return network


def tokens(*shape: int, seed: int = 1) -> Tensor:
    return torch.randint(VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))


# --- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [{}, {"num_kv_heads": 1}, {"tie_embeddings": False}])
def test_what_comes_later_changes_nothing_before_it(task: Any, model: dict[str, Any]) -> None:
    net, some = network(task, **model), tokens(3, WINDOW)
    changed = some.clone()
    changed[:, 9:] = tokens(3, WINDOW - 9, seed=2)

    first, second = net(some), net(changed)

    assert first.shape == (3, WINDOW, VOCABULARY)
    torch.testing.assert_close(first[:, :9], second[:, :9])
    assert not torch.allclose(first[:, 9:], second[:, 9:])


@pytest.mark.parametrize("parts", [[16], [1] * 16, [5, 1, 7, 3]])
@pytest.mark.parametrize("model", [{}, {"num_kv_heads": 2}])
def test_the_cache_changes_no_logits(task: Any, parts: list[int], model: dict[str, Any]) -> None:
    net, some = network(task, **model), tokens(3, WINDOW)
    caches = net.empty_caches()

    pieces = [net(part, caches) for part in some.split(parts, dim=1)]

    torch.testing.assert_close(torch.cat(pieces, dim=1), net(some))


def test_tied_embeddings_are_one_matrix(task: Any) -> None:
    tied, untied = network(task), network(task, tie_embeddings=False)

    assert tied.head.weight is tied.embedding.weight
    difference = sum(p.numel() for p in untied.parameters()) - sum(
        p.numel() for p in tied.parameters()
    )
    assert difference == VOCABULARY * 16


def test_shape_sections_agree_with_the_annotations(task: Any) -> None:
    for file in ("model.py", "data.py", "module.py", "blocks/generation.py"):
        assert task.shapes.docstring_mismatches(task.package / file) == []


# --- drawing tokens ------------------------------------------------------------------------------


def test_chances_are_those_of_the_definition(task: Any) -> None:
    logits = torch.randn(40, 12) * 3

    for temperature, top_k, top_p in [
        (1.0, None, None), (0.5, None, None), (1.0, 1, None), (1.0, 5, None), (1.0, 99, None),
        (2.0, None, 0.7), (1.0, None, 0.01), (1.0, None, 1.0), (0.7, 4, 0.6),
    ]:  # fmt: skip
        found = task.generation.chances(logits, temperature, top_k, top_p)

        for row, scores in zip(found.tolist(), (logits / temperature).tolist(), strict=True):
            weights = {token: math.exp(score) for token, score in enumerate(scores)}
            ranked = sorted(weights, key=lambda token: -weights[token])[:top_k]
            total, kept = sum(weights[token] for token in ranked), []
            for token in ranked:
                kept.append(token)
                if top_p is not None and sum(weights[t] for t in kept) >= top_p * total:
                    break
            total = sum(weights[token] for token in kept)
            expected = [weights[t] / total if t in kept else 0.0 for t in range(12)]
            assert row == pytest.approx(expected, abs=1e-5)


def test_at_temperature_zero_the_likeliest_is_certain(task: Any) -> None:
    logits = torch.tensor([[0.1, 2.0, -1.0], [5.0, 1.0, 4.9]])

    assert task.generation.chances(logits, 0.0).tolist() == [[0, 1, 0], [1, 0, 0]]


def sampled(task: Any, net: Any, prompts: Tensor, count: int, **options: Any) -> Tensor:
    def draw(logits: Tensor) -> Tensor:
        return torch.multinomial(task.generation.chances(logits), 1).squeeze(1)

    torch.manual_seed(3)
    return task.generation.generate(net, prompts, count, WINDOW, draw, **options)


def prompts_of(*lengths: int) -> Tensor:
    rows = torch.full((len(lengths), max(lengths)), -1)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = tokens(length, seed=length)
    return rows


@pytest.mark.parametrize("lengths", [(1,), (4, 4), (1, 5, 12), (16,), (16, 3), (40, 2), (100,)])
def test_sampling_with_and_without_the_cache_gives_the_same(
    task: Any, lengths: tuple[int, ...]
) -> None:
    net, prompts = network(task), prompts_of(*lengths)

    with_cache, without = (sampled(task, net, prompts, 60, use_cache=use) for use in (True, False))

    assert with_cache.equal(without)
    assert with_cache.shape == (len(lengths), 60)
    assert ((with_cache >= 0) & (with_cache < VOCABULARY)).all()
    assert len(with_cache.unique()) > 10


def test_a_prompt_is_gone_on_with_as_if_it_were_alone(task: Any) -> None:
    net, prompts = network(task), prompts_of(3, 9, 30)
    greedy = {"draw": lambda logits: logits.argmax(dim=1), "window": WINDOW, "new_tokens": 20}

    together = task.generation.generate(net, prompts, **greedy)

    for row, prompt in zip(together, prompts, strict=True):
        alone = task.generation.generate(net, prompt[prompt != -1][None], **greedy)
        assert row.equal(alone[0])


def test_each_token_is_drawn_from_half_a_window_at_least(task: Any) -> None:
    start = task.generation.window_start

    for window in (2, 5, 16):
        seen = [place - start(place, window) for place in range(1, 200)]
        assert seen[:window] == list(range(1, window + 1))
        assert all(window - max(window // 2, 1) < count <= window for count in seen[window:])


def test_sampling_ends_when_every_text_has_ended(task: Any) -> None:
    net, calls = network(task), []

    def draw(logits: Tensor) -> Tensor:
        calls.append(1)
        return torch.tensor([7 if len(calls) >= 3 else 1, 7 if len(calls) >= 5 else 1])

    found = task.generation.generate(net, prompts_of(2, 2), 50, WINDOW, draw, end=7)

    assert len(calls) == 5
    assert found[:, :6].tolist() == [[1, 1, 7, 7, 7, -1], [1, 1, 1, 1, 7, -1]]


# --- the module ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def module(task: Any) -> Any:
    text = task.byte_pairs.train(task.topics.load()["val"], 400, seed=0)
    config = task.config.Config()
    config.model.dim, config.model.depth = 16, 1
    config.sampling.max_new_tokens = 8
    facts = task.model.Facts(text, 400, WINDOW)
    return task.module.ExperimentModule(config, facts).eval()


def test_a_text_that_ends_at_once_has_no_more_text(
    task: Any, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (a,), (b,), end = *map(module.tokenizer.encode, "ab"), module.tokenizer.end
    monkeypatch.setattr(
        task.module, "generate", lambda *_: torch.tensor([[end, a, b], [b, end, a], [a, b, -1]])
    )
    prompts = torch.tensor([[end, a, -1], [a, end, b], [b, b, b]])

    found = module.predict_step(task.module.Batch(prompts, prompts), 0)

    assert found == {"text": ["", "b", "ab"], "prompt": ["a", "ab", "bbb"]}


def figures(module: Any, *batches: Any) -> dict[str, float]:
    """What an epoch of these batches is logged as."""
    for batch in batches:
        module.test_step(batch, 0)
    averages = module.averages.pop("eval")
    perplexity = module.metrics["test"].compute()
    module.metrics["test"].reset()
    found = {**averages, **perplexity}
    return {name.removeprefix("test/"): float(value) for name, value in found.items()}


def batch_of(task: Any, module: Any, texts: list[str]) -> Any:
    rows = [module.tokenizer.encode(text)[:WINDOW] for text in texts]
    some = torch.tensor(rows)
    targets = some.roll(-1, dims=1)
    targets[:, -1] = -1
    return task.module.Batch(some, targets)


def test_a_model_that_knows_nothing_has_the_figures_of_chance(
    task: Any, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uniform = torch.nn.Module()
    uniform.forward = lambda tokens: torch.zeros(*tokens.shape, 400)
    monkeypatch.setitem(module._modules, "model", uniform)
    batches = [
        batch_of(task, module, ["The quick brown fox jumps over the lazy dog, and again."]),
        batch_of(task, module, ["if x: return the value of the expression, else"] * 3),
    ]

    found = figures(module, *batches)

    scored = torch.cat([batch.targets.flatten() for batch in batches])
    scored = scored[scored >= 0].tolist()
    num_bytes = sum(len(module.tokenizer.decode([token]).encode()) for token in scored)
    assert found["loss"] == pytest.approx(math.log(400))
    assert found["perplexity"] == pytest.approx(400, rel=1e-4)
    assert found["bits_per_byte"] == pytest.approx(math.log2(400) * len(scored) / num_bytes)


def test_the_figures_do_not_depend_on_how_batches_are_cut(task: Any, module: Any) -> None:
    texts = [
        f"{word} is a text of its own, and so on it goes: {word}" for word in ["ab", "cd", "ef"]
    ]
    whole = batch_of(task, module, texts)
    whole.targets[0, :9] = -1
    parts = [task.module.Batch(whole.tokens[rows], whole.targets[rows]) for rows in ([0], [1, 2])]

    assert figures(module, *parts) == pytest.approx(figures(module, whole), rel=1e-5)


def test_a_prediction_is_a_text_that_a_seed_decides(task: Any, module: Any) -> None:
    rows = [[0, *module.tokenizer.encode(text)] for text in ("def", "The value of a")]
    longest = max(map(len, rows))
    some = torch.tensor([row + [-1] * (longest - len(row)) for row in rows])
    batch = task.module.Batch(some, torch.full_like(some, -1))

    def predicted(seed: int) -> dict[str, Any]:
        torch.manual_seed(seed)
        with torch.no_grad():
            return module.predict_step(batch, 0)

    first, again, other = predicted(0), predicted(0), predicted(1)

    assert first == again != other
    assert list(first) == ["text", "prompt"]
    assert first["prompt"] == ["def", "The value of a"]
    assert all(first["text"])


def test_checkpoints_hold_the_tokenizer_but_no_table_of_it(task: Any, module: Any) -> None:
    assert "token_bytes" not in module.state_dict()
    assert module.hparams["facts"]["tokenizer"] == module.tokenizer.text


def test_a_share_of_the_probability_is_at_most_all_of_it(experiment: Any) -> None:
    with pytest.raises(ValueError, match=r"top_p is 2\.0; it must be a probability, at most 1"):
        experiment("config").SamplingConfig(top_p=2.0)
