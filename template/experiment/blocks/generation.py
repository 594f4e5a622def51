"""Sampling: a language model goes on with a text, token by token.

Template's file: updates replace it. To choose tokens otherwise, hand ``generate`` a ``draw`` of
your own in module.py.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from .causal import KeyValueCache

NOT_YET = -1  # in place of a token that is to be written


@runtime_checkable
class Generator(Protocol):
    """A network that can go on with a text."""

    def __call__(self, tokens: Tensor, caches: Sequence[KeyValueCache] | None = None) -> Any:
        """Logits ``(batch, tokens, vocabulary)`` of each token's successor."""
        ...

    def empty_caches(self) -> list[KeyValueCache]:
        """What ``__call__`` fills with the tokens that it was given, and goes on from."""
        ...


def chances(
    logits: Float[Tensor, "batch vocabulary"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "batch vocabulary"]:
    """The probabilities that the next token is drawn with.

    Args:
        logits: Scores of the tokens.
        temperature: Below 1 the likely tokens become likelier; at 0 the likeliest is certain.
        top_k: Only so many of the likeliest can be drawn: Fan et al. 2018 (arXiv:1805.04833).
        top_p: Only as many of the likeliest as it takes to have this probability together: nucleus
            sampling, Holtzman et al. 2019 (arXiv:1904.09751). After ``top_k``.

    Shape:
        - logits: ``(batch, vocabulary)``
        - output: ``(batch, vocabulary)``, the sum of each row is 1
    """
    if temperature == 0:
        return F.one_hot(logits.argmax(dim=1), logits.shape[1]).type_as(logits)
    falling, tokens = (logits / temperature).softmax(dim=1).sort(dim=1, descending=True)
    if top_k is not None:
        falling[:, top_k:] = 0.0
        falling = falling / falling.sum(dim=1, keepdim=True)
    if top_p is not None:
        before = falling.cumsum(dim=1) - falling  # of all that are likelier
        falling[:, 1:] *= before[:, 1:] < top_p  # the likeliest can always be drawn
        falling = falling / falling.sum(dim=1, keepdim=True)
    return torch.zeros_like(falling).scatter(1, tokens, falling)


def generate(
    model: Generator,
    prompts: Int64[Tensor, "batch longest"],
    new_tokens: int,
    window: int,
    draw: Callable[[Tensor], Tensor],
    end: int | None = None,
    use_cache: bool = True,
) -> Int64[Tensor, "batch new_tokens"]:
    """What a model says after each prompt.

    The prompts stand side by side from their first token on, and the model goes on from the end of
    the shortest; where a longer one has a token, that one is taken in place of what was drawn. So
    no row is padded, and none depends on how long the others are.

    When the window is full, its newer half becomes the beginning of the next one: each token is
    drawn with at least half a window before it, or all there is, at positions that the model knows.

    Args:
        model: The network, in evaluation mode.
        prompts: At least one token each; ``NOT_YET`` after a prompt's end.
        new_tokens: How many to draw for each prompt.
        window: Tokens that the model can see at once.
        draw: Chooses the next tokens, ``(batch,)``, by their logits, ``(batch, vocabulary)``.
        end: After this token a row has ended, and what follows is of no interest: when all have,
            no more are drawn.
        use_cache: Whether to remember keys and values; without, the same takes longer.

    Shape:
        - prompts: ``(batch, longest)``
        - output: ``(batch, new_tokens)``, ``NOT_YET`` where none was drawn
    """
    lengths = (prompts != NOT_YET).sum(dim=1)  # (batch,)
    shortest, longest = int(lengths.min()), prompts.shape[1]
    tokens = F.pad(prompts, (0, new_tokens), value=NOT_YET)  # (batch, longest + new_tokens)
    start, seen, caches = -1, 0, None
    ended = torch.zeros_like(lengths, dtype=torch.bool)
    for place in range(shortest, longest + new_tokens):
        if (first := window_start(place, window)) != start:
            start = seen = first
            caches = model.empty_caches() if use_cache else None
        logits = model(tokens[:, seen:place], caches)[:, -1]  # (batch, vocabulary)
        seen = place if use_cache else start
        is_free = tokens[:, place] == NOT_YET
        tokens[:, place] = torch.where(is_free, draw(logits), tokens[:, place])
        ended |= is_free & (tokens[:, place] == end)
        if ended.all():
            break
    places = lengths[:, None] + torch.arange(new_tokens, device=tokens.device)
    return tokens.gather(1, places)


def window_start(place: int, window: int) -> int:
    """Where the window begins that the token at ``place`` is drawn from: it moves in half windows.

    Args:
        place: How many tokens there are before it.
        window: Tokens that the model can see at once.
    """
    step = max(window // 2, 1)
    return max(0, -(-(place - window) // step) * step)
