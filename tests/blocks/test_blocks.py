"""Every block computes what its reference computes, today and after every update.

``pytest tests/blocks --remake`` stores today's outputs and parameter names as the promise. Until
v0.1.0 that is allowed, in a commit that says why; afterwards a changed number is a broken promise.
"""

import ast
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import TypeCheckError
from torch import Tensor, nn
from torch.testing import assert_close
from torchvision.models.resnet import BasicBlock
from torchvision.ops import FeaturePyramidNetwork

STORED = Path(__file__).parent / "examples.json"
Case = Callable[[ModuleType], tuple[nn.Module, list[Tensor]]]


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """The same normal numbers on every machine and with every version of torch."""
    return torch.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape))


def with_known_weights(module: nn.Module) -> Any:
    """The module in float64 and evaluation mode, its floats filled in the state_dict's order."""
    module = module.double().eval()
    for position, (name, value) in enumerate(module.state_dict().items()):
        if value.is_floating_point():
            value.copy_(numbers(*value.shape, seed=position + 1) / 2)
        if name.endswith("running_var"):
            value.abs_()
    return module


def joined(output: Tensor | list[Tensor]) -> Tensor:
    """All numbers of a block's output, also where it gives several maps."""
    return output if isinstance(output, Tensor) else torch.cat([x.flatten() for x in output])


# What is stored of each block: its parameters' names and shapes, and its output.
CASES: dict[str, Case] = {
    "Attention": lambda b: (b.attention.Attention(8, 2), [numbers(2, 3, 8)]),
    "Attention, grouped, with context and mask": lambda b: (
        b.attention.Attention(8, num_heads=4, num_kv_heads=2, context_dim=6),
        [numbers(2, 3, 8), numbers(2, 5, 6), torch.ones(2, 3, 5, dtype=torch.bool).tril()],
    ),
    "CausalAttention": lambda b: (
        b.causal.CausalAttention(8, num_heads=2, max_tokens=6, num_kv_heads=1, dropout=0.5),
        [numbers(2, 5, 8)],
    ),
    "ConvNormAct": lambda b: (
        b.convolution.ConvNormAct(2, 4, stride=2, groups=2),
        [numbers(2, 2, 4, 4)],
    ),
    "DecoderBlock": lambda b: (
        b.transformer.DecoderBlock(8, 2, max_tokens=6, dropout=0.5),
        [numbers(2, 5, 8)],
    ),
    "DropPath": lambda b: (b.drop_path.DropPath(0.5), [numbers(2, 3)]),
    "EncoderBlock": lambda b: (
        b.transformer.EncoderBlock(8, 2, mlp_ratio=2.0, dropout=0.5, drop_path=0.5),
        [numbers(2, 3, 8), torch.ones(2, 3, 3, dtype=torch.bool).tril()],
    ),
    "FeaturePyramid": lambda b: (
        b.pyramid.FeaturePyramid([2, 3], 4),
        [numbers(2, 2, 4, 6), numbers(2, 3, 2, 3)],
    ),
    "MLP": lambda b: (b.mlp.MLP(4, dropout=0.5), [numbers(2, 3, 4)]),
    "PatchEmbedding": lambda b: (b.patches.PatchEmbedding(2, 4, 2), [numbers(2, 2, 4, 6)]),
    "RMSNorm": lambda b: (b.norms.RMSNorm(4), [numbers(2, 3, 4)]),
    "ResidualBlock": lambda b: (b.convolution.ResidualBlock(3), [numbers(2, 3, 4, 4)]),
    "ResidualBlock, strided": lambda b: (
        b.convolution.ResidualBlock(2, 3, stride=2, drop_path=0.5),
        [numbers(2, 2, 4, 4)],
    ),
    "RotaryPositions": lambda b: (b.rotary.RotaryPositions(4, 6), [numbers(2, 3, 5, 4)]),
    "SinCosPositions2d": lambda b: (b.positions.SinCosPositions2d(2, 3, 8), [numbers(1, 6, 8)]),
    "SwiGLU": lambda b: (b.mlp.SwiGLU(4, dropout=0.5), [numbers(2, 3, 4)]),
    "UNet": lambda b: (b.unet.UNet(2, [3, 4, 2]), [numbers(2, 2, 5, 6)]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_block_keeps_its_parameter_names_and_its_numbers(
    name: str, blocks: ModuleType, request: pytest.FixtureRequest
) -> None:
    module, inputs = CASES[name](blocks)
    module = with_known_weights(module)

    output = joined(module(*inputs))

    parameters = {key: list(value.shape) for key, value in module.state_dict().items()}
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if request.config.getoption("--remake", default=False):
        stored[name] = {"parameters": parameters, "output": output.tolist()}
        rows = (f"{json.dumps(key)}: {json.dumps(stored[key])}" for key in sorted(stored))
        STORED.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    assert parameters == stored[name]["parameters"]
    expected = torch.tensor(stored[name]["output"], dtype=torch.float64)
    assert_close(output, expected, atol=1e-6, rtol=0)


def test_nothing_is_stored_that_no_block_computes(blocks: ModuleType) -> None:
    assert set(json.loads(STORED.read_text())) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_gets_a_gradient(name: str, blocks: ModuleType) -> None:
    module, (x, *others) = CASES[name](blocks)

    joined(module.double().eval()(x.requires_grad_(), *others)).square().sum().backward()

    without = [
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


def test_every_case_of_a_block_is_among_the_examples(blocks: ModuleType) -> None:
    classes = {
        node.name
        for file in Path(blocks.__path__[0]).glob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef) and [ast.unparse(b) for b in node.bases] == ["nn.Module"]
    }

    assert classes == {name.split(",")[0] for name in CASES}


def test_blocks_need_torch_einops_and_jaxtyping_only(blocks: ModuleType) -> None:
    imported = set()
    for file in Path(blocks.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level != 1:
                imported.add(str(node.module).split(".")[0])

    assert imported - sys.stdlib_module_names == {"torch", "einops", "jaxtyping"}


def test_every_block_documents_shapes_that_hold_and_names_a_source(
    blocks: ModuleType, docstrings: ModuleType
) -> None:
    undocumented = [
        name
        for name, case in CASES.items()
        for docstring in [type(case(blocks)[0]).__doc__ or ""]
        if not all(part in docstring for part in ("Args:", "Shape:", "arXiv:"))
    ]

    assert undocumented == []
    assert docstrings.docstring_mismatches(blocks) == []


# --- against a reference -------------------------------------------------------------------------


def copy_weights(ours: Any, reference: nn.MultiheadAttention) -> None:
    """Give torch's attention our weights; its biases, if any, become zero."""
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.zero_()
        if reference.in_proj_weight is None:
            reference.q_proj_weight.copy_(ours.query.weight)
            reference.k_proj_weight.copy_(ours.key.weight)
            reference.v_proj_weight.copy_(ours.value.weight)
        else:
            weights = [ours.query.weight, ours.key.weight, ours.value.weight]
            reference.in_proj_weight.copy_(torch.cat(weights))
        reference.out_proj.weight.copy_(ours.output.weight)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("context_dim", [None, 6])
def test_attention_is_torchs_multihead_attention(
    blocks: ModuleType, masked: bool, context_dim: int | None
) -> None:
    x = numbers(2, 3, 8)
    context = numbers(2, 5, context_dim) if context_dim else None
    keys = x if context is None else context
    mask = torch.rand(2, 3, keys.shape[1]) > 0.4 if masked else None
    if mask is not None:
        mask[..., 0] = True  # a query that may look nowhere has no answer to compare
    ours = blocks.attention.Attention(8, 4, context_dim=context_dim).double()
    reference = nn.MultiheadAttention(
        8, 4, bias=False, batch_first=True, kdim=context_dim, vdim=context_dim, dtype=torch.float64
    )
    copy_weights(ours, reference)

    output = ours(x, context, mask)

    forbidden = None if mask is None else repeat(~mask, "batch q k -> (batch 4) q k")
    expected, _ = reference(x, keys, keys, attn_mask=forbidden)
    assert_close(output, expected)


@pytest.mark.parametrize("num_kv_heads", [1, 2, 4])
def test_grouped_heads_share_one_key_and_value(blocks: ModuleType, num_kv_heads: int) -> None:
    x, share = numbers(2, 3, 16), 4 // num_kv_heads
    attention = blocks.attention.Attention(16, 4, num_kv_heads).double()

    output = attention(x)

    q = rearrange(attention.query(x), "b t (h c) -> b h t c", h=4)
    k = rearrange(attention.key(x), "b t (h c) -> b h t c", h=num_kv_heads)
    v = rearrange(attention.value(x), "b t (h c) -> b h t c", h=num_kv_heads)
    k, v = (repeat(heads, "b h t c -> b (h share) t c", share=share) for heads in (k, v))
    y = (q @ k.mT / math.sqrt(4)).softmax(dim=-1) @ v
    assert_close(output, attention.output(rearrange(y, "b h t c -> b t (h c)")))


def test_a_masked_token_cannot_be_seen(blocks: ModuleType) -> None:
    block = blocks.transformer.EncoderBlock(8, 2).double()
    causal = torch.ones(1, 4, 4, dtype=torch.bool).tril()
    x, changed = numbers(1, 4, 8), numbers(1, 4, 8)
    changed[:, 2:] += 1

    before, after = block(x, causal), block(changed, causal)

    assert_close(before[:, :2], after[:, :2])
    assert not torch.allclose(before[:, 2:], after[:, 2:])


def test_encoder_block_is_torchs_pre_norm_layer(blocks: ModuleType) -> None:
    x, mask = numbers(2, 3, 8), torch.ones(2, 3, 3, dtype=torch.bool).tril()
    ours = with_known_weights(blocks.transformer.EncoderBlock(8, 2, mlp_ratio=3.0))
    reference = nn.TransformerEncoderLayer(
        8, 2, 24, activation="gelu", batch_first=True, norm_first=True, dtype=torch.float64
    ).eval()
    copy_weights(ours.attention, reference.self_attn)
    reference.norm1.load_state_dict(ours.attention_norm.state_dict())
    reference.norm2.load_state_dict(ours.mlp_norm.state_dict())
    reference.linear1.load_state_dict(ours.mlp.hidden.state_dict())
    reference.linear2.load_state_dict(ours.mlp.output.state_dict())

    output = ours(x, mask)

    assert_close(output, reference(x, src_mask=repeat(~mask, "batch q k -> (batch 2) q k")))


def test_mlp_is_linear_gelu_linear(blocks: ModuleType) -> None:
    mlp, x = blocks.mlp.MLP(4, hidden_dim=6).double(), numbers(2, 3, 4)

    output = mlp(x)

    hidden = x @ mlp.hidden.weight.T + mlp.hidden.bias
    hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
    assert_close(output, hidden @ mlp.output.weight.T + mlp.output.bias)


@pytest.mark.parametrize("num_kv_heads", [1, 4])
def test_causal_attention_is_the_equation_written_out(
    blocks: ModuleType, num_kv_heads: int
) -> None:
    attention, x = blocks.causal.CausalAttention(16, 4, 5, num_kv_heads).double(), numbers(2, 5, 16)
    share = 4 // num_kv_heads

    output = attention(x)

    q = turned(rearrange(attention.query(x), "b t (h c) -> b h t c", h=4))
    k = turned(rearrange(attention.key(x), "b t (h c) -> b h t c", h=num_kv_heads))
    v = rearrange(attention.value(x), "b t (h c) -> b h t c", h=num_kv_heads)
    k, v = (repeat(heads, "b h t c -> b (h share) t c", share=share) for heads in (k, v))
    scores = q @ k.mT / math.sqrt(4)
    scores[..., torch.ones(5, 5).triu(1).bool()] = -math.inf
    y = scores.softmax(dim=-1) @ v
    expected = attention.output(rearrange(y, "b h t c -> b t (h c)"))
    assert_close(output, expected, atol=1e-6, rtol=1e-6)


def turned(x: Tensor) -> Tensor:
    """Each pair of channels as a complex number, times that of its position's angle."""
    half = x.shape[-1] // 2
    pairs = torch.complex(x[..., :half], x[..., half:])
    position = torch.arange(x.shape[-2]).double()[:, None]
    angles = position * 10_000 ** (-torch.arange(half).double() / half)
    pairs = pairs * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([pairs.real, pairs.imag], dim=-1)


@pytest.mark.parametrize("pieces", [[1, 1, 1, 1, 1, 1], [4, 1, 1], [2, 3, 1]])
def test_a_cache_gives_what_the_whole_sequence_gives(blocks: ModuleType, pieces: list[int]) -> None:
    block = with_known_weights(blocks.transformer.DecoderBlock(8, 2, 6, num_kv_heads=1))
    x, cache = numbers(2, 6, 8), blocks.causal.KeyValueCache()

    output = torch.cat([block(piece, cache) for piece in x.split(pieces, dim=1)], dim=1)

    assert_close(output, block(x))
    assert len(cache) == 6


def test_rotary_products_depend_on_the_distance_alone(blocks: ModuleType) -> None:
    positions = blocks.rotary.RotaryPositions(8, 20).double()
    q, k = numbers(1, 1, 1, 8), numbers(1, 1, 1, 8, seed=1)

    products = [positions(q, 3 + shift) @ positions(k, shift).mT for shift in range(10)]

    assert_close(torch.stack(products), products[0].expand(10, 1, 1, 1, 1), atol=1e-6, rtol=1e-6)


def test_rms_norm_is_torchs_and_keeps_half_precision_in_range(blocks: ModuleType) -> None:
    x, norm = numbers(2, 3, 8), with_known_weights(blocks.norms.RMSNorm(8))
    reference = nn.RMSNorm(8, eps=1e-6).double()
    reference.load_state_dict(norm.state_dict())

    output, large = norm(x), blocks.norms.RMSNorm(8).half()(torch.full((1, 8), 3e4).half())

    assert_close(output, reference(x))
    assert_close(large, torch.ones(1, 8).half())


def test_swiglu_is_the_gated_product(blocks: ModuleType) -> None:
    mlp, x = blocks.mlp.SwiGLU(6).double(), numbers(2, 3, 6)

    output = mlp(x)

    gate = x @ mlp.gate.weight.T
    hidden = gate / (1 + torch.exp(-gate)) * (x @ mlp.hidden.weight.T)
    assert_close(output, hidden @ mlp.output.weight.T)
    assert hidden.shape[-1] == 16  # 8/3 of 6


def test_a_decoder_block_is_two_residual_branches(blocks: ModuleType) -> None:
    block, x = with_known_weights(blocks.transformer.DecoderBlock(8, 2, 6)), numbers(2, 5, 8)

    output = block(x)

    after = x + block.attention(block.attention_norm(x))
    assert_close(output, after + block.mlp(block.mlp_norm(after)))


def renamed(ours: nn.Module, theirs: nn.Module) -> dict[str, Tensor]:
    """Our weights under the names of the reference's, which has them in the same order."""
    return dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True))


def test_feature_pyramid_is_torchvisions(blocks: ModuleType) -> None:
    maps = [numbers(2, 2, 7, 8), numbers(2, 3, 4, 4), numbers(2, 4, 2, 2)]
    ours = blocks.pyramid.FeaturePyramid([2, 3, 4], 5).double()
    reference = FeaturePyramidNetwork([2, 3, 4], 5, norm_layer=nn.BatchNorm2d).double()
    for own, theirs in zip(ours.lateral, reference.inner_blocks, strict=True):
        theirs.load_state_dict(renamed(own, theirs))
    for own, theirs in zip(ours.smooth, reference.layer_blocks, strict=True):
        theirs.load_state_dict(renamed(own, theirs))

    outputs = ours(*maps)

    expected = reference({str(number): x for number, x in enumerate(maps)})
    for output, other in zip(outputs, expected.values(), strict=True):
        assert_close(output, other)


def test_a_unet_is_a_unet_within_a_unet(blocks: ModuleType) -> None:
    """As the paper's figure 1 draws it, written once more from the outside to the inside."""
    net = with_known_weights(blocks.unet.UNet(2, [3, 4, 5], depth=2))

    def within(x: Tensor, level: int) -> Tensor:
        seen = net.down[level](x)
        if level == 2:
            return seen
        coarse = net.lateral[level](within(seen, level + 1))
        rows = torch.arange(seen.shape[2]) // 2  # each pixel of the coarse map twice
        columns = torch.arange(seen.shape[3]) // 2
        return net.up[level](torch.cat([seen, coarse[:, :, rows][..., columns]], dim=1))

    image = numbers(2, 2, 12, 8)

    assert_close(net(image), within(image, 0))
    assert [len(stage) - 1 for stage in net.down] == [2, 2, 4]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 7), (33, 18)])
def test_a_unet_keeps_the_size_of_any_image(height: int, width: int, blocks: ModuleType) -> None:
    net = blocks.unet.UNet(3, [4, 8, 8, 8]).eval()

    assert net(torch.zeros(1, 3, height, width)).shape == (1, 4, height, width)


def test_a_pyramid_of_which_only_the_finest_maps_leave(blocks: ModuleType) -> None:
    whole = blocks.pyramid.FeaturePyramid([2, 3, 4], 5).eval()
    finest = blocks.pyramid.FeaturePyramid([2, 3, 4], 5, num_outputs=1).eval()
    finest.load_state_dict(whole.state_dict(), strict=False)
    maps = [torch.randn(2, 2 + level, 16 >> level, 16 >> level) for level in range(3)]

    (first,) = finest(*maps)

    assert first.equal(whole(*maps)[0])
    first.sum().backward()  # in training on several devices each weight has to have a gradient
    assert all(weight.grad is not None for weight in finest.parameters())


def test_transformer_weights_start_small_and_smaller_at_the_end_of_a_branch(
    blocks: ModuleType,
) -> None:
    torch.manual_seed(0)
    block = blocks.transformer.DecoderBlock(256, 4, 6)

    blocks.initialization.init_transformer(block, num_blocks=8)

    deviations = {
        name: float(p.detach().std()) for name, p in block.named_parameters() if p.ndim == 2
    }
    for name, deviation in deviations.items():
        expected = 0.02 / 4 if ".output." in name else 0.02  # sqrt(2 * 8) = 4
        assert deviation == pytest.approx(expected, rel=0.03), name


@pytest.mark.parametrize(("out_channels", "stride"), [(4, 1), (6, 1), (4, 2), (6, 2)])
def test_residual_block_is_torchvisions_basic_block(
    blocks: ModuleType, out_channels: int, stride: int
) -> None:
    x = numbers(2, 4, 5, 7)
    ours = blocks.convolution.ResidualBlock(4, out_channels, stride).double()
    downsample = nn.Sequential(
        nn.Conv2d(4, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )
    changes = stride != 1 or out_channels != 4
    reference = BasicBlock(4, out_channels, stride, downsample if changes else None).double()
    reference.add_module("relu", nn.SiLU())
    pairs = [
        (reference.conv1, ours.first.convolution),
        (reference.bn1, ours.first.norm),
        (reference.conv2, ours.second.convolution),
        (reference.bn2, ours.second.norm),
    ]
    if changes:
        pairs += [(downsample[0], ours.shortcut.convolution), (downsample[1], ours.shortcut.norm)]
    for theirs, own in pairs:
        theirs.load_state_dict(own.state_dict())

    output = ours(x)

    assert_close(output, reference(x))
    assert_close(ours.second.norm.running_var, reference.bn2.running_var)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_an_odd_kernel_keeps_the_image_and_stride_2_halves_it(
    blocks: ModuleType, kernel_size: int
) -> None:
    x = torch.zeros(2, 3, 7, 8)

    same = blocks.convolution.ConvNormAct(3, 4, kernel_size)(x)
    half = blocks.convolution.ConvNormAct(3, 4, kernel_size, stride=2)(x)

    assert same.shape == (2, 4, 7, 8)
    assert half.shape == (2, 4, 4, 4)


def test_patch_embedding_is_a_strided_convolution(blocks: ModuleType) -> None:
    image, patches = numbers(2, 3, 6, 8), blocks.patches.PatchEmbedding(3, 5, 2).double()
    kernel = rearrange(patches.projection.weight, "dim (c y x) -> dim c y x", y=2, x=2)

    tokens = patches(image)

    maps = F.conv2d(image, kernel, patches.projection.bias, stride=2)
    assert_close(tokens, rearrange(maps, "batch dim h w -> batch (h w) dim"))


def test_positions_are_waves_of_row_and_column(blocks: ModuleType) -> None:
    rows, columns, dim = 2, 3, 8
    positions = blocks.positions.SinCosPositions2d(rows, columns, dim)

    added = positions(torch.zeros(1, rows * columns, dim))[0]

    for token in range(rows * columns):
        row, column = divmod(token, columns)
        waves = [
            wave(place * 10_000 ** (-4 * i / dim))
            for place in (row, column)
            for wave in (math.sin, math.cos)
            for i in range(dim // 4)
        ]
        assert_close(added[token], torch.tensor(waves))


def test_drop_path_drops_whole_samples_and_keeps_the_mean(blocks: ModuleType) -> None:
    torch.manual_seed(0)
    drop_path, x = blocks.drop_path.DropPath(0.25), torch.ones(4000, 2, 3)

    output = drop_path.train()(x)

    assert all(len(sample.unique()) == 1 for sample in output)
    assert sorted(output.unique().tolist()) == pytest.approx([0, 1 / 0.75])
    assert output.mean() == pytest.approx(1, abs=0.03)
    assert drop_path.eval()(x) is x


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(("dim", "heads", "kv_heads"), [(10, 4, None), (12, 4, 3)])
def test_heads_that_do_not_divide_are_refused_with_their_numbers(
    blocks: ModuleType, dim: int, heads: int, kv_heads: int | None
) -> None:
    with pytest.raises(ValueError, match=f"dim={dim} / num_heads={heads}"):
        blocks.attention.Attention(dim, heads, kv_heads)
    with pytest.raises(ValueError, match=f"dim={dim} / num_heads={heads}"):
        blocks.causal.CausalAttention(dim, heads, 6, kv_heads)


def test_rotary_positions_refuse_an_odd_dim(blocks: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"dim=5: .* in pairs"):
        blocks.rotary.RotaryPositions(5, 6)


def test_positions_refuse_a_dim_that_4_does_not_divide(blocks: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"dim=6: .* multiple of 4"):
        blocks.positions.SinCosPositions2d(2, 2, 6)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Attention", [torch.zeros(2, 8)]),
        ("Attention", [torch.zeros(2, 3, 8), torch.zeros(1, 3, 8)]),
        ("Attention", [torch.zeros(2, 3, 8), None, torch.ones(2, 3, 3)]),
        ("CausalAttention", [torch.zeros(2, 8)]),
        ("ConvNormAct", [torch.zeros(2, 4, 4)]),
        ("DecoderBlock", [torch.zeros(2, 3, 8), torch.zeros(2, 3, 8)]),
        ("EncoderBlock", [torch.zeros(2, 3, 8), torch.ones(2, 3, 4, dtype=torch.bool)]),
        ("FeaturePyramid", [torch.zeros(2, 4, 6)]),
        ("MLP", [torch.zeros(4, dtype=torch.int64)]),
        ("PatchEmbedding", [torch.zeros(2, 4, 4)]),
        ("RMSNorm", [torch.zeros(4, dtype=torch.int64)]),
        ("RotaryPositions", [torch.zeros(2, 5, 4)]),
        ("SinCosPositions2d", [torch.zeros(6, 8)]),
        ("SwiGLU", [torch.zeros(4, dtype=torch.int64)]),
        ("UNet", [torch.zeros(2, 5, 6)]),
    ],
)
def test_a_wrong_shape_or_type_is_named(name: str, wrong: list[Any], blocks: ModuleType) -> None:
    module, _ = CASES[name](blocks)

    with pytest.raises(TypeCheckError, match="checking the parameters"):
        module(*wrong)
