"""Whether the process lives, and whether it can answer."""

from typing import Any

from fastapi import APIRouter, Response

from personalize_assets.api.answers import Check, HealthAnswer, ReadinessAnswer
from personalize_assets.api.calls import CallFailed
from personalize_assets.api.questions import targets
from personalize_assets.api.refreshing import Refreshed
from personalize_assets.api.resources import Resources
from personalize_assets.api.routes.given import Given
from personalize_assets.api.services import Services

router = APIRouter(tags=["Health"])


@router.get("/health", summary="Whether the process lives")
async def health(parts: Given) -> HealthAnswer:
    """Answers as long as the process can answer anything."""
    services = parts.services
    return HealthAnswer(
        deployment=services.clients.deployment.name, uptime_s=round(services.uptime_s, 1)
    )


@router.get(
    "/ready",
    summary="Whether questions can be answered",
    responses={503: {"model": ReadinessAnswer, "description": "Not yet; says what is missing."}},
)
async def ready(parts: Given, response: Response) -> ReadinessAnswer:
    """Whether a campaign is ACTIVE and the catalogue was read."""
    services = parts.services
    checks = [await _campaign(services), _read("catalogue", services.catalogue)]
    answer = ReadinessAnswer(ready=all(one.ready for one in checks), checks=checks)
    if not answer.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return answer


async def _campaign(services: Services) -> Check:
    """Whether at least one campaign or recommender answers."""
    resources: Resources = services.resources
    declared = targets(services.group)
    if not declared:
        return Check(
            name="campaign",
            ready=False,
            state="none declared",
            message=f"declare a campaign in {services.group.path} and run `make run`",
        )
    problem = ""
    for target in declared:
        try:
            absence = await resources.explain_absence(target)
        except CallFailed as error:
            return Check(name="campaign", ready=False, state="unreachable", message=str(error))
        if absence is None:
            return Check(name="campaign", ready=True, state=f"{target.name} ACTIVE", message="")
        problem = problem or str(absence)
    state = (await resources.state(declared[0])).status
    return Check(name="campaign", ready=False, state=state, message=problem)


def _read(name: str, values: Refreshed[Any]) -> Check:
    """Whether a file was read; where there is none, ids stand alone and answers are given."""
    said = {
        "loaded": "",
        "loading": values.problem or f"{values.uri} is being read",
        "absent": f"there is no {values.uri}: answers have no titles",
        "failed": f"{values.uri} cannot be read: {values.problem}",
    }
    return Check(
        name=name,
        ready=values.state in ("loaded", "absent"),
        state=values.state,
        message=said[values.state],
    )
