"""Texts that tests write into files, and how they read what became of them."""

from pathlib import Path
from typing import Any


def text_of(texts: Any) -> str:
    return "".join(piece.text for piece in texts.pieces())


def documents_of(texts: Any) -> list[str]:
    documents: list[str] = []
    for piece in texts.pieces():
        if piece.begins:
            documents.append("")
        documents[-1] += piece.text
    return documents


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def poem(lines: int = 400, word: str = "rose") -> str:
    return "".join(f"A {word} is a {word}, said line {i * i}.\n" for i in range(lines))
