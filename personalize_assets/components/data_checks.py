"""Checks of cleaned interactions: is it enough, is it as usual, and are its times possible.

What Amazon Personalize would refuse to train on is an error and stops a run; what it advises, and
what has drifted since earlier data, is a warning. Each check says its number and its limit.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg

from personalize_assets.components.graph import Graph, materialized
from personalize_assets.core.drift import Verdict, judge_change, judge_rise
from personalize_assets.recipes.minima import (
    MIN_INTERACTIONS,
    MIN_SHARE_WITH_TWO,
    MIN_USERS_WITH_TWO,
)

ADVISED: Final[Mapping[str, int]] = {"users": 50, "items": 50, "dagster/row_count": 1_500}
"""What the cheat sheet of Amazon Personalize wants more of, by name in the metadata."""

_REMEMBERED: Final = 10
_LOOKED_THROUGH: Final = 50
_AHEAD: Final = timedelta(days=1)
_YEAR: Final = timedelta(days=365.25)

History = Sequence[Mapping[str, Any]]


def build_data_checks(graph: Graph) -> list[dg.AssetChecksDefinition]:
    """The checks of one dataset group's interactions."""
    return [_minima(graph), _advice(graph), _timestamps(graph), *_drifts(graph)]


def _minima(graph: Graph) -> dg.AssetChecksDefinition:
    key = graph.key("cleaned_interactions")

    @dg.asset_check(
        asset=key,
        name="enough_data_to_train",
        blocking=True,
        description=f"Amazon Personalize trains on at least {MIN_INTERACTIONS:,} interactions, "
        f"{MIN_USERS_WITH_TWO} users with two or more, and {MIN_SHARE_WITH_TWO:.0%} of all users "
        f"with two or more.",
    )
    def enough_data_to_train(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        counts = materialized(context, key)
        rows, users, with_two = (
            counts[name] for name in ("dagster/row_count", "users", "users_with_two_or_more")
        )
        share = with_two / max(1, users)
        short = [
            f"{have} of {needed} needed"
            for have, needed, holds in (
                (f"{rows:,} interactions", f"{MIN_INTERACTIONS:,}", rows >= MIN_INTERACTIONS),
                (
                    f"{with_two:,} users with two or more",
                    str(MIN_USERS_WITH_TWO),
                    with_two >= MIN_USERS_WITH_TWO,
                ),
                (
                    f"{share:.2%} of the users with two or more",
                    f"{MIN_SHARE_WITH_TWO:.0%}",
                    share >= MIN_SHARE_WITH_TWO,
                ),
            )
            if not holds
        ]
        return dg.AssetCheckResult(
            passed=not short,
            description="; ".join(short)
            or f"{rows:,} interactions, {with_two:,} of {users:,} users with two or more",
            metadata={"row_count": rows, "users_with_two_or_more": with_two, "share": share},
        )

    return enough_data_to_train


def _advice(graph: Graph) -> dg.AssetChecksDefinition:
    key = graph.key("cleaned_interactions")
    wanted = ", ".join(f"{least:,} {_plain(name)}" for name, least in ADVISED.items())

    @dg.asset_check(
        asset=key,
        name="enough_data_to_learn_well",
        description=f"The cheat sheet of Amazon Personalize advises more than {wanted}.",
    )
    def enough_data_to_learn_well(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        counts = materialized(context, key)
        have = ", ".join(f"{counts[name]:,} {_plain(name)}" for name in ADVISED)
        return dg.AssetCheckResult(
            passed=all(counts[name] > least for name, least in ADVISED.items()),
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{have}; advised are more than {wanted}",
            metadata={_plain(name): counts[name] for name in ADVISED},
        )

    return enough_data_to_learn_well


def _plain(name: str) -> str:
    return "interactions" if name == "dagster/row_count" else name


def _timestamps(graph: Graph) -> dg.AssetChecksDefinition:
    key, years = graph.key("cleaned_interactions"), graph.attributes.limits.max_event_age_years

    @dg.asset_check(
        asset=key,
        name="timestamps_are_possible",
        description=f"No interaction lies in the future (an error: what is trained on would be the "
        f"newest for ever), and none is older than {years:g} years (a warning).",
    )
    def timestamps_are_possible(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        counts, now = materialized(context, key), datetime.now(UTC)
        if "oldest_event" not in counts:
            return dg.AssetCheckResult(passed=True, description="there are no interactions")
        oldest, newest = (
            datetime.fromtimestamp(counts[name], UTC) for name in ("oldest_event", "newest_event")
        )
        ahead = newest > now + _AHEAD
        severity = dg.AssetCheckSeverity.ERROR if ahead else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(
            passed=not ahead and oldest >= now - years * _YEAR,
            severity=severity,
            description=f"from {oldest:%Y-%m-%d} to {newest:%Y-%m-%d}; it is {now:%Y-%m-%d}, and "
            f"{years:g} years ago it was {now - years * _YEAR:%Y-%m-%d}",
            metadata={
                "oldest": dg.MetadataValue.timestamp(oldest),
                "newest": dg.MetadataValue.timestamp(newest),
            },
        )

    return timestamps_are_possible


def _drifts(graph: Graph) -> list[dg.AssetChecksDefinition]:
    limits = graph.attributes.limits

    def volume(now: Mapping[str, Any], past: History) -> Verdict:
        rows = [one["dagster/row_count"] for one in past]
        return judge_change(
            "interactions", now["dagster/row_count"], rows, limits.max_volume_change
        )

    def unknown_items(now: Mapping[str, Any], past: History) -> Verdict:
        shares = [share_of("unknown_items", one) for one in past]
        share = share_of("unknown_items", now)
        return judge_rise("rows with unknown items", share, shares, limits.max_unknown_item_rise)

    def quarantine(now: Mapping[str, Any], past: History) -> Verdict:
        shares = [share_of("quarantined", one) for one in past]
        share = share_of("quarantined", now)
        return judge_rise("quarantined rows", share, shares, limits.max_quarantine_rise)

    return [
        _drift(graph, "volume_is_as_usual", "The number of interactions", volume),
        _drift(
            graph,
            "unknown_items_are_as_usual",
            "The share of rows whose item the catalogue lacks",
            unknown_items,
        ),
        _drift(graph, "quarantine_is_as_usual", "The share of quarantined rows", quarantine),
    ]


def _drift(graph: Graph, name: str, what: str, judge: Any) -> dg.AssetChecksDefinition:
    key = graph.key("cleaned_interactions")

    @dg.asset_check(
        asset=key,
        name=name,
        description=f"{what} against the median of up to {_REMEMBERED} earlier sets of data.",
    )
    def drift(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        now = materialized(context, key)
        past = earlier_data(context.instance, key, now)
        verdict: Verdict = judge(now, past)
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.sentence,
            metadata={"sets_compared": len(past)}
            | ({} if verdict.usual is None else {"usual": verdict.usual}),
        )

    return drift


def share_of(name: str, counts: Mapping[str, Any]) -> float:
    """Share of the rows read that are counted under ``name``."""
    return counts.get(name, 0) / max(1, counts["rows_read"])


def earlier_data(
    instance: dg.DagsterInstance, key: dg.AssetKey, now: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Metadata of cleanings of other data than ``now``, each once, oldest first."""
    records = instance.fetch_materializations(key, limit=_LOOKED_THROUGH).records
    distinct: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for record in records:
        made = record.asset_materialization
        if made is not None:
            counts = {name: value.value for name, value in made.metadata.items()}
            distinct.setdefault(_identity(counts), counts)
    distinct.pop(_identity(now), None)
    return list(distinct.values())[:_REMEMBERED][::-1]


def _identity(counts: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(counts.get(name) for name in ("csv_sha256", "rows_read", "quarantined"))
