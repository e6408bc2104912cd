# PyYAML is typed in part.
# pyright: reportUnknownMemberType=false
"""A ``defs.yaml`` as people read it: sections with comments, and what was not carried over."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import yaml

from personalize_assets.core.conversion.notes import Note

_WIDTH: Final = 98
_MOST_OF_A_VALUE: Final = 60
_COMPONENT: Final = "personalize_assets.components.PersonalizeDatasetGroup"

_SECTIONS: Final[Sequence[tuple[Sequence[str], str]]] = (
    (("name", "description", "owners", "tags", "domain"), ""),
    (
        ("source",),
        "The file that lies under the prefix for each dataset, and which of its columns mean what "
        "on the right. A guess from what the parameter file recommends: one CSV file a dataset, "
        "with the fields of the schema as header. Several parts must be joined to one file.",
    ),
    (("prefixes",), "Where the pipeline writes: a guess, any free prefixes of the bucket will do."),
    (("datasets",), ""),
    (("solutions",), "Each trains one version a run, unless nothing changed."),
    (
        ("comparison",),
        "`comparison: { folds: 1 }` compares the recipes with popularity and chance, on the "
        "machine that runs the pipeline.",
    ),
    (
        ("campaigns", "recommenders"),
        "What answers in real time; on AWS each is paid for as long as it exists. A new version "
        "takes over only if its metrics hold: see `promotion` in the default group's file.",
    ),
    (("filters", "event_tracker"), ""),
    (
        ("batch_inference", "batch_segment", "batch_ranking"),
        "Batch jobs run with the main job, and at once for files that land in batch_input.",
    ),
    (
        ("retraining",),
        "Times in UTC, as AWS's. Data that did not change train nothing. New raw files are only "
        "imported; without `after_new_files: false` they would train as well.",
    ),
)

_Parts = Mapping[str, Any]


def write_defs(attributes: Mapping[str, Any], notes: Iterable[Note], origin: str) -> str:
    """Write the text of a ``defs.yaml``.

    Args:
        attributes: Of the dataset group.
        notes: What was not carried over; what was left out or changed stands at the top.
        origin: Name of the parameter file, for the first line.

    Returns:
        YAML with comments that reads as ``attributes``.

    Raises:
        ValueError: An attribute has no section, so that it would be lost.
    """
    known = {name for names, _ in _SECTIONS for name in names}
    if lost := sorted(set(attributes) - known):
        raise ValueError(f"no section of the file holds {', '.join(lost)}")
    parts = [_head(notes, origin)]
    for names, comment in _SECTIONS:
        section = {name: attributes[name] for name in names if name in attributes}
        if section:
            parts.append(_comment(comment, "  ") + _section(section))
    return "\n".join(parts)


def _head(notes: Iterable[Note], origin: str) -> str:
    lines = _comment(
        f"Converted from {origin}, a parameter file of AWS's retired solution that maintained "
        f"personalized experiences. Every attribute is described in "
        f"personalize_assets/components/attributes/.",
        "",
    )
    said = [note for note in notes if note.kind != "renamed"]
    if said:
        lines += "#\n# Not carried over as it stood:\n"
    for note in said:
        words = f"{note.path} {_short(note.value)} {note.kind}: {note.reason}"
        lines += _bullet(f"{words} ({note.instead})" if note.instead else words)
    return f"{lines}type: {_COMPONENT}\nattributes:"


def _short(value: Any) -> str:
    return textwrap.shorten(json.dumps(value, ensure_ascii=False), _MOST_OF_A_VALUE)


def _comment(text: str, indent: str) -> str:
    wrapped = textwrap.wrap(text, _WIDTH - len(indent) - 2, break_long_words=False)
    return "".join(f"{indent}# {line}\n" for line in wrapped)


def _bullet(text: str) -> str:
    first, *more = textwrap.wrap(text, _WIDTH - 6, break_long_words=False)
    return "".join([f"#   - {first}\n", *(f"#     {line}\n" for line in more)])


def _section(section: Mapping[str, Any]) -> str:
    lines = [line for name, value in section.items() for line in _entry(f"{name}: ", value, "  ")]
    return "".join(f"{line}\n" for line in lines)


def _entry(label: str, value: Any, indent: str) -> Iterator[str]:
    """Lines of one entry: on one line where it fits, else its parts one below the other."""
    line = f"{indent}{label}{_flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Mapping | list) or not value:
        yield line
        return
    below = f"{indent}  "
    if isinstance(value, Mapping):
        parts = [(f"{_flow(name)}: ", one) for name, one in cast("_Parts", value).items()]
    else:
        parts = [("- ", one) for one in cast("list[Any]", value)]
    if label != "- ":
        yield f"{indent}{label.rstrip()}"
        for name, one in parts:
            yield from _entry(name, one, below)
        return
    lines = [line for name, one in parts for line in _entry(name, one, below)]
    yield f"{indent}- {lines[0].lstrip()}"
    yield from lines[1:]


class _Dumper(yaml.SafeDumper):
    """Writes texts with line ends and other controls in escapes, so that all stay on one line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _flow(value: Any) -> str:
    """A value on one line."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        width=1 << 20,
        sort_keys=False,
        allow_unicode=True,
    )
    text = text.removesuffix("\n").removesuffix("\n...")
    return f"{{ {text[1:-1]} }}" if text.startswith("{") and text != "{}" else text
