"""Records of runs: operations, shapes and states, never values; and how two of them differ.

`engine_record.json` beside this file is the record of the same steps against the embedded engine;
what an account shows is compared with it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ENGINE_RECORD: Final = Path(__file__).parent / "engine_record.json"

Record = Mapping[str, Any]


def read(path: Path) -> dict[str, Any]:
    """Read a record.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none.
    """
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, record: Record) -> None:
    """Write a record as JSON, keys sorted."""
    path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def with_differences(record: Record) -> dict[str, Any]:
    """Add how the record differs from the engine's."""
    return {**record, "differences": list(differences(record, read(ENGINE_RECORD)))}


def summary(record: Record) -> str:
    """In figures."""
    return (
        f"{len(record['operations'])} operations, "
        f"{sum(len(pairs) for pairs in record['states'].values())} changes of status, "
        f"{len(record['differences'])} differences to the engine"
    )


def differences(account: Record, engine: Record) -> Iterator[str]:
    """How an account's record differs from the engine's, one sentence each.

    Statuses count where the engine shows them in another order, not where one of both passed
    between two looks; page tokens and errors that depend on what else is in the account do not.
    """
    ours, theirs = account["operations"], engine["operations"]
    for name in sorted({*ours, *theirs}):
        if name not in ours or name not in theirs:
            yield f"{name}: called with {'the account' if name in ours else 'the engine'} only"
            continue
        for what in ("request", "answer"):
            yield from _members(f"{name} {what}", ours[name][what], theirs[name][what])
    for kind, pairs in sorted(account["states"].items()):
        backwards = {(after, before) for before, after in engine["states"].get(kind, [])}
        for before, after in pairs:
            if (before, after) in backwards:
                yield f"{kind}: {after} after {before}, the engine has it the other way round"


def _members(what: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    for path in sorted(ours.keys() | theirs.keys()):
        if path.rpartition(".")[2] == "nextToken":
            continue
        if path not in theirs:
            yield f"{what}.{path}: the account only"
        elif path not in ours:
            yield f"{what}.{path}: the engine only"
        elif ours[path] != theirs[path]:
            yield f"{what}.{path}: {ours[path]} of the account, {theirs[path]} of the engine"
