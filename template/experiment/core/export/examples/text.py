"""How the network goes on with a text, by the likeliest tokens: python example.py TEXT ..."""

import sys
from typing import Any

import numpy as np
from tokenizers import Tokenizer  # pyright: ignore[reportMissingImports]

from .onnx_network import HERE, KNOWN, network

TOKENIZER = Tokenizer.from_file(str(HERE / KNOWN["tokenizer"]))
TOKENIZER.encode_special_tokens = True  # in a text, the token of an end is thirteen characters
END = 0  # before each document, and so after the one before it


def read(text: str) -> Any:
    """A text as the network sees it: its last window of tokens."""
    return np.array([[END, *TOKENIZER.encode(text).ids][-KNOWN["window"] :]])


def answer(text: str, most: int = 40) -> dict[str, Any]:
    tokens, length = read(text), read(text).shape[1]
    while tokens.shape[1] < length + most:
        (logits,) = network(tokens[:, -KNOWN["window"] :])  # (1, tokens, vocabulary)
        tokens = np.append(tokens, logits[:, -1:].argmax(axis=2), axis=1)
        if tokens[0, -1] == END:
            break
    return {"text": TOKENIZER.decode(tokens[0, length:].tolist())}


if __name__ == "__main__":
    for text in sys.argv[1:]:
        print(answer(text)["text"])
