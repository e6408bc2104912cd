"""Which function answers which operation, and which operations none answers yet.

A family module marks its functions with ``@operation``; importing
``personalize_assets.engine.operations`` imports all families. Every operation of botocore's models
is either registered or stands in ``UNSUPPORTED`` with the reason that callers read. That list only
shrinks: who builds an operation takes its line away. Nothing here knows HTTP.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from personalize_assets.engine.context import RequestContext

ServiceName = Literal["personalize", "personalize-runtime", "personalize-events"]
Handler = Callable[[RequestContext, Any], Mapping[str, Any]]
"""Takes the context and the parsed, valid request; gives the members of the answer."""

_H = TypeVar("_H", bound=Handler)
_handlers: dict[tuple[str, str], Handler] = {}

_CAMPAIGNS = "campaigns are not built yet; batch inference jobs are"
_RECOMMENDERS = "recommenders of domain dataset groups are not built yet; solutions are"
_FILTERS = "filters are not built yet"
_EVENT_TRACKERS = "event trackers are not built yet; dataset import jobs are"
_SEGMENTS = "batch segment jobs are not built yet; batch inference jobs are"
_METRIC_ATTRIBUTIONS = "metric attributions are not built yet"
_EXPORTS = "dataset export jobs are not built yet"
_DELETIONS = "data deletion jobs are not built yet"
_UPDATES = "changing this resource in place is not built yet; create another one"
_RUNTIME = "real-time recommendations are not built yet; batch inference jobs are"
_EVENTS = "real-time events and records are not built yet; dataset import jobs are"

UNSUPPORTED: dict[tuple[str, str], str] = {
    ("personalize", "CreateCampaign"): _CAMPAIGNS,
    ("personalize", "DescribeCampaign"): _CAMPAIGNS,
    ("personalize", "ListCampaigns"): _CAMPAIGNS,
    ("personalize", "UpdateCampaign"): _CAMPAIGNS,
    ("personalize", "DeleteCampaign"): _CAMPAIGNS,
    ("personalize", "CreateRecommender"): _RECOMMENDERS,
    ("personalize", "DescribeRecommender"): _RECOMMENDERS,
    ("personalize", "ListRecommenders"): _RECOMMENDERS,
    ("personalize", "UpdateRecommender"): _RECOMMENDERS,
    ("personalize", "DeleteRecommender"): _RECOMMENDERS,
    ("personalize", "StartRecommender"): _RECOMMENDERS,
    ("personalize", "StopRecommender"): _RECOMMENDERS,
    ("personalize", "CreateFilter"): _FILTERS,
    ("personalize", "DescribeFilter"): _FILTERS,
    ("personalize", "ListFilters"): _FILTERS,
    ("personalize", "DeleteFilter"): _FILTERS,
    ("personalize", "CreateEventTracker"): _EVENT_TRACKERS,
    ("personalize", "DescribeEventTracker"): _EVENT_TRACKERS,
    ("personalize", "ListEventTrackers"): _EVENT_TRACKERS,
    ("personalize", "DeleteEventTracker"): _EVENT_TRACKERS,
    ("personalize", "CreateBatchSegmentJob"): _SEGMENTS,
    ("personalize", "DescribeBatchSegmentJob"): _SEGMENTS,
    ("personalize", "ListBatchSegmentJobs"): _SEGMENTS,
    ("personalize", "CreateMetricAttribution"): _METRIC_ATTRIBUTIONS,
    ("personalize", "DescribeMetricAttribution"): _METRIC_ATTRIBUTIONS,
    ("personalize", "ListMetricAttributions"): _METRIC_ATTRIBUTIONS,
    ("personalize", "ListMetricAttributionMetrics"): _METRIC_ATTRIBUTIONS,
    ("personalize", "UpdateMetricAttribution"): _METRIC_ATTRIBUTIONS,
    ("personalize", "DeleteMetricAttribution"): _METRIC_ATTRIBUTIONS,
    ("personalize", "CreateDatasetExportJob"): _EXPORTS,
    ("personalize", "DescribeDatasetExportJob"): _EXPORTS,
    ("personalize", "ListDatasetExportJobs"): _EXPORTS,
    ("personalize", "CreateDataDeletionJob"): _DELETIONS,
    ("personalize", "DescribeDataDeletionJob"): _DELETIONS,
    ("personalize", "ListDataDeletionJobs"): _DELETIONS,
    ("personalize", "UpdateDataset"): _UPDATES,
    ("personalize", "UpdateSolution"): _UPDATES,
    ("personalize-runtime", "GetActionRecommendations"): _RUNTIME,
    ("personalize-runtime", "GetPersonalizedRanking"): _RUNTIME,
    ("personalize-runtime", "GetRecommendations"): _RUNTIME,
    ("personalize-events", "PutActionInteractions"): _EVENTS,
    ("personalize-events", "PutActions"): _EVENTS,
    ("personalize-events", "PutEvents"): _EVENTS,
    ("personalize-events", "PutItems"): _EVENTS,
    ("personalize-events", "PutUsers"): _EVENTS,
}
"""Reason by service and operation, for all operations that no function answers."""


def operation(service: ServiceName, name: str) -> Callable[[_H], _H]:
    """Mark a function as the one that answers operation ``name`` of ``service``.

    Raises:
        ValueError: Another function is marked with the same operation.
    """

    def register(handler: _H) -> _H:
        taken = _handlers.get((service, name))
        if taken is not None and taken.__qualname__ != handler.__qualname__:
            raise ValueError(f"{service} {name} is answered by {taken.__qualname__} already")
        _handlers[service, name] = handler
        return handler

    return register


def lookup(service: str, name: str) -> Handler | None:
    """Give the function that answers the operation, or None if none does yet."""
    return _handlers.get((service, name))


def registered() -> frozenset[tuple[str, str]]:
    """Service and name of each operation that a function answers."""
    return frozenset(_handlers)
