"""Questions to campaigns and recommenders, and answers with titles and reasons.

Binds what may be asked (``questions``) to calls of the service and to what is in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personalize_assets.api.answers import (
    ItemAnswer,
    Reason,
    RecommendationsAnswer,
    TargetAnswer,
)
from personalize_assets.api.calls import Invalid, Unavailable, answer_of
from personalize_assets.api.catalogue import Item
from personalize_assets.api.explaining import Explainer
from personalize_assets.api.questions import (
    NotAllowed,
    Target,
    filter_expression,
    filter_values,
)
from personalize_assets.api.request_log import note
from personalize_assets.api.services import Services


@dataclass(frozen=True)
class Question:
    """One question, checked as far as its names go.

    Attributes:
        target: What is to answer.
        user_id: For whom; None for anybody.
        item_id: About which item; None for none.
        item_ids: A list to put in order; None for other questions.
        num_results: How many items; of a list, all.
        filter: A declared filter, or None.
        values: Its parameters, as people write them.
        context: Fields of the context.
        metadata: Columns to answer with.
        explain: Whether to look for reasons.
    """

    target: Target
    user_id: str | None = None
    item_id: str | None = None
    item_ids: Sequence[str] | None = None
    num_results: int = 25
    filter: str | None = None
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    context: Mapping[str, str] = field(default_factory=dict[str, str])
    metadata: Sequence[str] = ()
    explain: bool = False


class Asking:
    """Asks what a group declares.

    Args:
        services: What to ask with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._explainer = Explainer(services)

    async def ask(self, question: Question) -> RecommendationsAnswer:
        """Ask, and put titles to the answer.

        Raises:
            NotAllowed: The question names what is not declared, or lacks what is needed.
            CallFailed: The service gave no answer.
        """
        require_needed(question)
        request = self._request(question)
        note(asked=f"{question.target.kind} {question.target.name}")
        found = await self._answer(question, request)
        listed: Sequence[Mapping[str, Any]] = found.get("itemList") or found.get(
            "personalizedRanking", ()
        )
        reasons: Mapping[str, Reason] = {}
        if question.explain and question.user_id is not None:
            wanted = [str(one.get("itemId")) for one in listed]
            reasons = await self._explainer.explain(question.user_id, wanted)
        # All at once: item by item pydantic would take longer than the service does.
        return RecommendationsAnswer.model_validate(
            {
                "answered_by": TargetAnswer.of(question.target),
                "user_id": question.user_id,
                "known_user": self._knows(question.user_id),
                "about": self._about(question),
                "filter": question.filter,
                "recommendation_id": found.get("recommendationId"),
                "items": self._items(question, listed, reasons),
            }
        )

    def _request(self, question: Question) -> dict[str, Any]:
        addresses = self._services.resources.addresses
        request: dict[str, Any] = {f"{question.target.kind}Arn": addresses.target(question.target)}
        if question.user_id is not None:
            request["userId"] = question.user_id
        if question.item_ids is not None:
            request["inputList"] = list(question.item_ids)
        else:
            request["numResults"] = question.num_results
        if question.item_id is not None:
            request["itemId"] = question.item_id
        if question.context:
            request["context"] = dict(question.context)
        if question.metadata:
            request["metadataColumns"] = {"ITEMS": list(question.metadata)}
        return {**request, **self._filtering(question)}

    def _filtering(self, question: Question) -> dict[str, Any]:
        if question.filter is None:
            if question.values:
                raise NotAllowed("filter", "values of a filter are given without a filter")
            return {}
        expression = filter_expression(self._services.group, question.filter)
        values = filter_values(expression, question.filter, question.values)
        filtering: dict[str, Any] = {
            "filterArn": self._services.resources.addresses.filter(question.filter)
        }
        return {**filtering, "filterValues": values} if values else filtering

    async def _answer(self, question: Question, request: Mapping[str, Any]) -> Mapping[str, Any]:
        services = self._services
        runtime: Any = services.clients.personalize_runtime
        operation = (
            runtime.get_recommendations
            if question.item_ids is None
            else runtime.get_personalized_ranking
        )
        try:
            return answer_of(await services.calls.run(lambda: operation(**request)))
        except (Invalid, Unavailable) as error:
            if isinstance(error, Unavailable) and error.code != "not_ready":
                raise
            # The service says of what is not there only that it is invalid: say what to do.
            absence = await services.resources.explain_absence(question.target)
            raise absence or error from error

    def _knows(self, user_id: str | None) -> bool | None:
        if user_id is None or self._services.histories.state != "loaded":
            return None
        known = self._services.histories.value.knows(user_id)
        return known or bool(self._services.sent.of(user_id))

    def _about(self, question: Question) -> ItemAnswer | None:
        if question.item_id is None:
            return None
        return ItemAnswer.of(self._services.catalogue.value.item(question.item_id))

    def _items(
        self,
        question: Question,
        listed: Sequence[Mapping[str, Any]],
        reasons: Mapping[str, Reason],
    ) -> list[dict[str, Any]]:
        """Members of ``RecommendedItem``, best first."""
        ids = [str(one.get("itemId")) for one in listed]
        items = self._services.catalogue.value.items(ids)
        met = self._met(question.user_id, ids)
        return [
            _recommended(rank, item, one, None if met is None else item.item_id in met, reasons)
            for rank, (item, one) in enumerate(zip(items, listed, strict=True), 1)
        ]

    def _met(self, user_id: str | None, ids: Sequence[str]) -> frozenset[str] | None:
        """Which items a user met, here or in the cleaned interactions; None if not known."""
        if user_id is None or self._services.histories.state != "loaded":
            return None
        sent = {event.item_id for event in self._services.sent.of(user_id)}
        return self._services.histories.value.met_by(user_id, ids) | sent


def require_needed(question: Question) -> None:
    """A question must name what its recipe needs.

    Raises:
        NotAllowed: It does not.
    """
    target = question.target
    given = {"userId": question.user_id, "itemId": question.item_id}
    for needed, parameter in (("userId", "user_id"), ("itemId", "item_id")):
        if target.needs(needed) and given[needed] is None:
            raise NotAllowed(
                parameter,
                f"{parameter} is required: the {target.kind} {target.name} ({target.recipe}) "
                "answers nothing without it",
            )


def _recommended(
    rank: int,
    item: Item,
    found: Mapping[str, Any],
    met: bool | None,  # noqa: FBT001 - one of three values
    reasons: Mapping[str, Reason],
) -> dict[str, Any]:
    said = [Reason(source="service", text=str(text)) for text in found.get("reason") or ()]
    computed = [reasons[item.item_id]] if item.item_id in reasons else []
    return {
        **ItemAnswer.members(item),
        "rank": rank,
        "score": found.get("score"),
        "reasons": [*said, *computed],
        "met": met,
        "metadata": found.get("metadata") or {},
    }
