"""What the guides in docs/ tell readers to type: commands, settings, YAML and addresses."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROGRAMS = ("personalize-assets", "personalize-local", "make")

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_SPAN = re.compile(r"`([^`\n]+)`")
_ENDS = ("|", "||", "&&", ";", ">", "<", "\\")


@dataclass(frozen=True)
class Command:
    """One command that a guide shows.

    Attributes:
        program: One of ``PROGRAMS``.
        words: What follows it.
    """

    program: str
    words: tuple[str, ...]


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of a language."""
    return [body for name, body in _BLOCK.findall(text) if name == language]


def spans(text: str) -> list[str]:
    """Code within sentences and tables."""
    return _SPAN.findall(_BLOCK.sub("", text))


def commands(text: str) -> Iterator[Command]:
    """Commands of this project, in fenced blocks after a prompt and within sentences."""
    lines = [line[2:] for block in blocks(text, "console") for line in block.splitlines()
             if line.startswith("$ ")]  # fmt: skip
    for line in (*lines, *spans(text)):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue  # an apostrophe in something that is no command
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
        end = next((n for n, word in enumerate(words) if word in _ENDS), len(words))
        program = words[0].removeprefix(".venv/bin/") if words else ""
        if program in PROGRAMS:
            yield Command(program, tuple(words[1:end]))
