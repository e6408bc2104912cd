"""What happened in a run that people should know, read from its events.

Reads only; what is told to whom, and once, is the business of ``notifications``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import dagster as dg

from personalize_assets.components.graph import Graph
from personalize_assets.components.promotion import GATE
from personalize_assets.core.messages import Event, Happening

RESULTS: Final[Mapping[str, str]] = {
    "recommendations": "recommendations",
    "user_segments": "user segments",
    "rankings": "rankings",
}
"""Assets whose materialization ends a batch job, and what people call them."""

FORECAST: Final = "cost_forecast"
"""Name of the asset that stops a run whose forecast is above the budget."""

HELD_AGAINST: Final = "held_against"
"""What the metadata of a refused promotion hold."""

BUDGET: Final = "budget_usd"
"""What the metadata of its failure hold when it does."""

# Dagster names its tags in no public place.
WILL_RETRY_TAG = "dagster/will_retry"
RETRY_NUMBER_TAG = "dagster/retry_number"
_STARTED_BY = {"dagster/sensor_name": "sensor", "dagster/schedule_name": "schedule"}

_EVENTS = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}
_MAX_FACTS = 20
_EXCEPTION_NAME = r"^[A-Za-z_][\w.]*\.[A-Z]\w*: "

RunPage = Callable[[str], str | None]
"""Address of a run in the UI."""


def is_of_group(graph: Graph, run: dg.DagsterRun) -> bool:
    """Whether a run is one of the dataset group's: of its jobs, or of its assets alone."""
    if run.tags.get("personalize/dataset_group") == graph.attributes.name:
        return True
    return any(key.path[0] == graph.id for key in run.asset_selection or ())


def first_attempt(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Id of the run that Dagster has tried again by itself as ``run``; its own for a first try.

    A run that a person starts again is a first try: its end is news.
    """
    while RETRY_NUMBER_TAG in run.tags and run.parent_run_id is not None:
        parent = instance.get_run_by_id(run.parent_run_id)
        if parent is None:
            return run.parent_run_id
        run = parent
    return run.run_id


def has_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run has failed for good: no automatic attempt follows.

    Dagster marks a failed run a moment after it failed; until then nobody knows.
    """
    if run.status is not dg.DagsterRunStatus.FAILURE:
        return False
    mark = run.tags.get(WILL_RETRY_TAG)
    return not instance.run_retries_enabled if mark is None else mark != "true"


def happenings_of(
    graph: Graph, instance: dg.DagsterInstance, record: dg.RunRecord, run_page: RunPage
) -> list[Happening]:
    """What people should know of a run that has ended; nothing of other groups' runs."""
    run = record.dagster_run
    if not is_of_group(graph, run):
        return []
    events = _events_of(instance, run)
    told = _Teller(graph, run, first_attempt(instance, run), _took_s(record), run_page(run.run_id))
    found = [
        *_finished(graph, events, told),
        *_refused(events, told),
        *_stopped(graph, events, told),
    ]
    if has_failed(instance, run):
        failures = [
            event for event in events if event.event_type is dg.DagsterEventType.STEP_FAILURE
        ]
        refused = {event.step_key for event in events if _is_refusal(event)}
        unexplained = [
            one for one in failures if one.step_key not in refused and not _is_stop(graph, one)
        ]
        if unexplained or not failures:
            found.append(_failed(run, unexplained, events, told))
    return found


class _Teller:
    """Makes happenings of one run, with what all of them say."""

    def __init__(
        self,
        graph: Graph,
        run: dg.DagsterRun,
        base_run_id: str,
        took_s: float | None,
        run_page: str | None,
    ) -> None:
        self._graph = graph
        self._base_run_id = base_run_id
        started_by = next(
            (f"{what} {run.tags[tag]}" for tag, what in _STARTED_BY.items() if tag in run.tags),
            None,
        )
        self._facts: dict[str, Any] = {
            "job": "assets by hand" if run.job_name.startswith("__") else run.job_name,
            "started by": started_by,
            "for the file": run.tags.get("personalize/key"),
            "last attempt": run.run_id if run.run_id != base_run_id else None,
            "seconds": None if took_s is None else round(took_s, 1),
        }
        self._links = {"run page": run_page} if run_page else {}

    def tell(
        self,
        event: Event,
        about: str,
        headline: str,
        facts: Mapping[str, Any] | None = None,
        reasons: Sequence[str] = (),
        links: Mapping[str, str] | None = None,
    ) -> Happening:
        return Happening(
            event=event,
            group=self._graph.attributes.name,
            run_id=self._base_run_id,
            about=about,
            headline=headline,
            facts={**self._facts, **(facts or {})},
            reasons=reasons,
            links={**(links or {}), **self._links},
        )


def _finished(
    graph: Graph, events: Iterable[dg.DagsterEvent], told: _Teller
) -> Iterable[Happening]:
    titles = {graph.key(name): name for name in RESULTS}
    for event in events:
        if event.event_type is not dg.DagsterEventType.ASSET_MATERIALIZATION:
            continue
        made = event.step_materialization_data.materialization
        name = titles.get(made.asset_key)
        if name is None:
            continue
        values = {label: value.value for label, value in made.metadata.items()}
        rows, unchanged = values.get("dagster/row_count"), values.get("unchanged")
        counted = f"{rows:,} rows of {RESULTS[name]}" if isinstance(rows, int) else RESULTS[name]
        headline = f"{counted} are there{', unchanged' if unchanged else ''}"
        yield told.tell("batch_finished", name, headline, _facts(made), links=_links(made))


def _refused(events: Iterable[dg.DagsterEvent], told: _Teller) -> Iterable[Happening]:
    for event in events:
        if not _is_refusal(event):
            continue
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            about, said, numbers = event.step_key or "", _reason(event), {}
            headline = f"{about} refused a version"
        else:
            check = event.asset_check_evaluation_data
            about, said = check.asset_key.to_user_string(), check.description or ""
            numbers = _numbers(check.metadata)
            solution = check.asset_key.path[-2].replace("_", "-")
            headline = f"the new version of {solution} was not promoted"
        facts = {"asset": about, **numbers}
        yield told.tell("promotion_refused", about, headline, facts, [said] if said else [])


def _stopped(graph: Graph, events: Iterable[dg.DagsterEvent], told: _Teller) -> Iterable[Happening]:
    for event in events:
        if not _is_stop(graph, event):
            continue
        data = event.step_failure_data.user_failure_data
        yield told.tell(
            "budget_exceeded",
            FORECAST,
            "the run was stopped by its budget before it spent",
            _numbers(data.metadata) if data is not None else None,
            [_reason(event)],
        )


def _failed(
    run: dg.DagsterRun,
    failures: Sequence[dg.DagsterEvent],
    events: Iterable[dg.DagsterEvent],
    told: _Teller,
) -> Happening:
    reasons = [f"{event.step_key}: {_reason(event)}" for event in failures]
    if not reasons:
        reasons = [
            e.message or "" for e in events if e.event_type is dg.DagsterEventType.RUN_FAILURE
        ]
    where = ", ".join(event.step_key or "" for event in failures[:3])
    job = "a run of assets" if run.job_name.startswith("__") else run.job_name
    headline = f"{job} failed at {where}" if where else f"{job} failed"
    return told.tell("run_failed", "run", headline, reasons=[one for one in reasons if one])


def _is_refusal(event: dg.DagsterEvent) -> bool:
    """Whether an event says that a version was kept away.

    That is by the check of a run, whose step then fails as well, or where a person materializes the
    promotion or the campaign alone, by the failure of that step.
    """
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        check = event.asset_check_evaluation_data
        return check.check_name == GATE and not check.passed
    if event.event_type is dg.DagsterEventType.STEP_FAILURE:
        failure = event.step_failure_data.user_failure_data
        return failure is not None and HELD_AGAINST in failure.metadata
    return False


def _is_stop(graph: Graph, event: dg.DagsterEvent) -> bool:
    """Whether a step failed because the budget said so, and not by a fault in the forecast."""
    if (
        event.event_type is not dg.DagsterEventType.STEP_FAILURE
        or event.step_key != f"{graph.id}_{FORECAST}"
    ):
        return False
    failure = event.step_failure_data.user_failure_data
    return failure is not None and BUDGET in failure.metadata


def _events_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterEvent]:
    entries = instance.all_logs(run.run_id, of_type=_EVENTS)
    return [entry.dagster_event for entry in entries if entry.dagster_event is not None]


def _took_s(record: dg.RunRecord) -> float | None:
    if record.start_time is None or record.end_time is None:
        return None
    return record.end_time - record.start_time


def _reason(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    return re.sub(_EXCEPTION_NAME, "", _deepest(data.error)) or "it failed without a message"


def _deepest(error: Any) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    return "" if error is None else str(error.message).strip()


def _facts(made: dg.AssetMaterialization) -> dict[str, Any]:
    places = {
        name: value.value
        for name, value in made.metadata.items()
        if isinstance(value, dg.TextMetadataValue) and str(value.value).startswith("s3://")
    }
    return {**_numbers(made.metadata), **places}


def _numbers(metadata: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {
        name.removeprefix("dagster/").replace("_", " "): value.value
        for name, value in metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue | dg.BoolMetadataValue)
    }
    return dict(list(numbers.items())[:_MAX_FACTS])


def _links(made: dg.AssetMaterialization) -> dict[str, str]:
    kinds = (dg.UrlMetadataValue, dg.PathMetadataValue)
    return {n: str(v.value) for n, v in made.metadata.items() if isinstance(v, kinds)}
