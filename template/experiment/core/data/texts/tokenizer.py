"""Text to tokens and back: byte-level byte-pair encoding, by the package tokenizers.

Template's file: updates replace it. To use another tokenizer, write a class with these attributes
and methods in data.py, where this one is named.

Sennrich et al. 2015 (arXiv:1508.07909), over bytes as in GPT-2, Radford et al. 2019 (section 2.2):
every text has tokens, and its tokens give it back to the byte.
"""

import logging
import os
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # pyright: ignore[reportMissingImports]

from ..seeding import key_seed
from .documents import Texts

END = "<|endoftext|>"  # before each document, and so after the one before it; number 0
SAMPLE_BYTES = 50_000_000  # of training text, at most, that a tokenizer is trained on
WORD = re.compile(r"\s*\S+|\s+")  # with the white space before it
MOST_KNOWN = 2_000_000  # characters of words whose tokens are remembered: some 50 MB
log = logging.getLogger(__name__)


class BytePairs:
    """A trained tokenizer.

    Args:
        text: The tokenizer as JSON, as ``Facts`` and a cache keep it.

    Attributes:
        vocab_size: How many tokens there are.
        end: The number of the token that stands before each document.
    """

    end = 0

    def __init__(self, text: str) -> None:
        # Named, so that a process that forks after tokenizers has used its threads is not warned.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        self.text = text
        self._tokenizer = Tokenizer.from_str(text)
        self._tokenizer.encode_special_tokens = True  # in a text, END is thirteen characters
        self.vocab_size = self._tokenizer.get_vocab_size()
        self._known: dict[str, bytes] = {}  # words, and their tokens
        self._known_characters = 0

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, without END."""
        return self._tokenizer.encode(text).ids

    def encode_all(self, texts: Sequence[str]) -> list[NDArray[np.uint32]]:
        """The tokens of each text.

        No token spans the end of a word and the white space that follows, and most words return:
        new ones are encoded, by as many threads as there are cores, the others looked up. That is
        several times as fast.
        """
        words = [WORD.findall(text) for text in texts]
        new = list(dict.fromkeys(w for row in words for w in row if w not in self._known))
        for word, encoding in zip(new, self._tokenizer.encode_batch_fast(new), strict=True):
            self._known[word] = np.array(encoding.ids, np.uint32).tobytes()
        rows = [b"".join(map(self._known.__getitem__, row)) for row in words]
        self._known_characters += sum(map(len, new))
        if self._known_characters > MOST_KNOWN:
            self._known.clear()
            self._known_characters = 0
        return [np.frombuffer(row, np.uint32) for row in rows]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of some tokens; a character that is cut becomes U+FFFD, END nothing."""
        return self._tokenizer.decode(list(tokens))

    def decode_until_end(self, tokens: Sequence[int]) -> str:
        """The text of a row of tokens: up to the first END, or up to where none is written."""
        return self.decode(list(takewhile(lambda token: token not in (self.end, -1), tokens)))

    @cached_property
    def token_bytes(self) -> list[int]:
        """How many bytes of text each token stands for; none: END."""
        words = [self._tokenizer.id_to_token(token) or "" for token in range(self.vocab_size)]
        return [0 if token == self.end else len(word) for token, word in enumerate(words)]


def train(texts: Texts, vocab_size: int, seed: int) -> str:
    """Train a tokenizer on texts, or on a sample of them if they are long; returns its JSON.

    Args:
        texts: The training texts.
        vocab_size: Tokens it shall have, END and the 256 bytes included; few texts give fewer.
        seed: Of the sample.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sample(texts, seed), trainer)
    return tokenizer.to_str()


def sample(texts: Texts, seed: int) -> Iterator[str]:
    """Pieces drawn from all over the texts, up to ``SAMPLE_BYTES`` in all; or all of them."""
    share = SAMPLE_BYTES / max(texts.num_bytes, 1)
    if share < 1:
        log.info(
            f"tokenizer: trained on {SAMPLE_BYTES / 1e6:.0f} MB of the {texts.num_bytes / 1e6:,.0f}"
            f" MB in {texts.name}, drawn by data.split_seed={seed}"
        )
    for number, piece in enumerate(texts.pieces()):
        if key_seed(seed, number) < share * 2**64:
            yield piece.text
