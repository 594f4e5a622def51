"""How fast does a language model go on with a text, with its cache and without?

    uv run --project my-experiment python benchmarks/sampling.py

A network of four blocks, 256 channels and a window of 512 tokens, its weights as they start: what
it says does not matter here. It draws 256 tokens for one text, and for eight at once, with the keys
and values of earlier tokens remembered and without; both must draw the same tokens.
"""

import sys
import time
from statistics import median
from typing import Any

from project import command_line, temporary_project

VOCABULARY, WINDOW, PROMPT, NEW = 1024, 512, 32, 256
TIMES = 3


def tokens_a_second(draw: Any, count: int, times: int) -> tuple[float, Any]:
    """The median of some measurements, and what was drawn."""
    seconds, drawn = [], None
    for _ in range(times):
        started = time.perf_counter()
        drawn = draw()
        seconds.append(time.perf_counter() - started)
    return count / median(seconds), drawn


def main() -> int:
    arguments = command_line(__doc__).parse_args()
    new, times = (32, 1) if arguments.quick else (NEW, TIMES)
    with temporary_project("language_modeling"):
        import torch

        from experiment.blocks.generation import (  # pyright: ignore[reportMissingImports]
            chances,
            generate,
        )
        from experiment.config import ModelConfig  # pyright: ignore[reportMissingImports]
        from experiment.data import Facts  # pyright: ignore[reportMissingImports]
        from experiment.model import LanguageModel  # pyright: ignore[reportMissingImports]

        torch.manual_seed(0)
        config = ModelConfig(depth=4, dim=256, num_heads=8)
        model = LanguageModel(config, Facts("", VOCABULARY, WINDOW)).eval()

        def drawn(batch: int, use_cache: bool) -> Any:
            torch.manual_seed(1)
            prompts = torch.randint(VOCABULARY, (batch, PROMPT))
            with torch.inference_mode():
                return generate(
                    model,
                    prompts,
                    new,
                    WINDOW,
                    lambda logits: torch.multinomial(chances(logits, top_p=0.9), 1).squeeze(1),
                    use_cache=use_cache,
                )

        ratios, same = [], True
        for batch in (1, 8):
            fast, one = tokens_a_second(lambda b=batch: drawn(b, True), batch * new, times)
            slow, other = tokens_a_second(lambda b=batch: drawn(b, False), batch * new, times)
            same &= one.equal(other)
            ratios.append(fast / slow)
            print(f"{batch} text(s): {fast:,.0f} tokens/s with the cache, {slow:,.0f} without")
    equal = "the same tokens" if same else "OTHER TOKENS"
    print(f"sampling: {equal}; with / without cache = {ratios[0]:.1f}; 8 texts {ratios[1]:.1f}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
