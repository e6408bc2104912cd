"""Where the engine answers otherwise than the reference says, and why that is so.

Two records of one walk are compared: the members of requests and answers with their types, the
members that come with each status, error codes, and the order of statuses. What differs must stand
in `EXPLAINED`, and everything there must differ.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from personalize_assets_tests.contract.observing import Observer
from personalize_assets_tests.contract.transcribed import load_answers

_PAGES: Final = "the transcribed service turns pages after two, the engine like AWS much later"
_REPEATED: Final = "botocore repeats what is throttled by itself, and the Stubber answers before"
EXPLAINED: Final[Mapping[str, str]] = {
    **{
        f"{operation} {what}.nextToken: transcribed only": _PAGES
        for operation in (
            "ListDatasetImportJobs",
            "ListDatasets",
            "ListSchemas",
            "ListSolutionVersions",
            "ListSolutions",
        )
        for what in ("request", "answer")
    },
    "CreateFilter error LimitExceededException: transcribed only": _REPEATED,
    "CreateEventTracker error ThrottlingException: transcribed only": _REPEATED,
}
"""Differences that are as they should be, with the reason."""

_ANEW: Final = ("DELETE PENDING", "DELETE IN_PROGRESS")


def differences(engine: Observer, transcribed: Observer) -> Iterator[str]:
    """All differences of two walks, one sentence each."""
    names = sorted(engine.requests.keys() | transcribed.requests.keys())
    for name in names:
        for what in ("request", "answer"):
            ours, theirs = (getattr(one, f"{what}s").get(name, {}) for one in (engine, transcribed))
            yield from _members(f"{name} {what}", ours, theirs)
        ours, theirs = (set(one.errors.get(name, ())) for one in (engine, transcribed))
        yield from (f"{name} error {code}: engine only" for code in sorted(ours - theirs))
        yield from (f"{name} error {code}: transcribed only" for code in sorted(theirs - ours))
    yield from _by_status(engine, transcribed)
    yield from _order(engine)


def _members(what: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    for path in sorted(ours.keys() | theirs.keys()):
        if path not in theirs:
            yield f"{what}.{path}: engine only"
        elif path not in ours:
            yield f"{what}.{path}: transcribed only"
        elif ours[path] != theirs[path]:
            yield f"{what}.{path}: {ours[path]} of the engine, {theirs[path]} transcribed"


def _by_status(engine: Observer, transcribed: Observer) -> Iterator[str]:
    """Members that one has always, and the other never, with the same status.

    What is said of a resource on its way out nobody has written down.
    """
    for key in sorted(engine.ever.keys() & transcribed.ever.keys()):
        if not key.startswith("Describe") or key.endswith(_ANEW):
            continue
        for path in sorted(_outer(engine.always[key]) - transcribed.ever[key]):
            yield f"{key}.{path}: the engine always, transcribed never"
        for path in sorted(_outer(transcribed.always[key]) - engine.ever[key]):
            yield f"{key}.{path}: transcribed always, the engine never"


def _outer(paths: set[str]) -> set[str]:
    """Members of the description itself, which is a member of the answer."""
    return {path for path in paths if path.count(".") <= 1}


def _order(engine: Observer) -> Iterator[str]:
    """Statuses of the engine that are not in the order of the reference."""
    paths = dict(_paths())
    for kind, pairs in sorted(engine.states.items()):
        for before, after in sorted(pairs):
            if not any(_follows(path, before, after) for path in paths.get(kind, ())):
                yield f"{kind}: {after} after {before or 'nothing'}"


def _follows(path: list[str], before: str, after: str) -> bool:
    """Whether a client that looks now and then may see one status after the other."""
    if after not in path:
        return False
    if not before:
        return True  # seen for the first time
    return before in path and path.index(before) < path.index(after)


def _paths() -> Iterator[tuple[str, list[list[str]]]]:
    """All ways through the statuses of a kind, and of its updates, as transcribed."""
    for kind in load_answers()["kinds"].values():
        root, made = kind["describe"]["root"], kind["states"]
        failed = "FAILED" if made[0] == "PENDING" else "CREATE FAILED"
        ready = made[-1]
        paths = [made, [*made[:-1], failed]]
        paths += [[ready, *kind["delete"]["states"]]] if "delete" in kind else []
        for verb, begin in (("stop", ready), ("start", "INACTIVE")):
            if verb in kind:
                paths.append([begin, *kind[verb]["states"]])
        yield root, paths
        if "update" in kind:
            yield f"{root}.{kind['update']['member']}", [kind["update"]["states"]]
        for member in kind.get("newest", {}):
            yield f"{root}.{member}", [made]


def as_lines(found: Any) -> list[str]:
    """Each difference with its explanation, or with none."""
    return [f"{one}: {EXPLAINED.get(one, 'NOT EXPLAINED')}" for one in found]
