"""The service as its reference tells it: botocore's Stubber, loaded with transcribed answers.

`answers.yaml` says what is answered, by operation and kind of resource. This module only keeps what
was made, so that what a client gave comes back to it, shows one status a look, and turns pages. It
judges nothing: whether a request is refused is the engine's part, or told by `refuse`. The Stubber
holds every answer against the service model.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore import xform_name
from botocore.stub import Stubber

ANSWERS = Path(__file__).parent / "answers.yaml"
_PAGE = 2  # as small as that, so that every client has to turn pages
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def load_answers() -> Mapping[str, Any]:
    """The transcribed answers."""
    return yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))


class Refused(Exception):
    """The service answers with an error: its code and its text."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass
class Made:
    """One resource that a client has made.

    Attributes:
        label: Its kind.
        arn: Its ARN.
        given: What was given when it was made or last updated.
        coming: Statuses that the next looks will show.
        created_at: When it was made.
    """

    label: str
    arn: str
    given: dict[str, Any]
    coming: deque[str]
    created_at: datetime
    status: str = ""
    leaving: bool = False
    failure: str | None = None
    update: "Made | None" = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Mapping[str, Any]:
        return load_answers()["kinds"][self.label]

    def look(self) -> None:
        """Show the next status, if one is coming."""
        if self.coming:
            self.status = self.coming.popleft()


class TranscribedService:
    """Amazon Personalize in one account, by its reference.

    Args:
        account: Twelve digits.
        region: Of all ARNs.
    """

    def __init__(self, account: str, region: str = "us-east-1") -> None:
        self._prefix = f"arn:aws:personalize:{region}:{account}:"
        self._account, self._region = account, region
        self._made: dict[str, Made] = {}
        self._refusals: dict[str, deque[Refused]] = {}
        self._failing: deque[str] = deque()
        self._now = _EPOCH

    def client(self, service: str) -> Any:
        """A boto3 client whose answers are all of the Stubber's."""
        session = boto3.Session("testing", "testing", region_name=self._region)
        client: Any = session.client(service)  # type: ignore[call-overload]
        stubber = Stubber(client)
        stubber.activate()

        def load(params: Mapping[str, Any], model: Any, **_: Any) -> None:
            method = xform_name(model.name)
            try:
                answer = self._answer(model.name, params)
            except Refused as refused:
                stubber.add_client_error(method, refused.code, str(refused))
            else:
                stubber.add_response(method, answer)

        client.meta.events.register("provide-client-params.*.*", load)
        return client

    def refuse(self, operation: str, code: str, message: str, count: int = 1) -> None:
        """Answer the next calls of an operation with an error."""
        self._refusals.setdefault(operation, deque()).extend([Refused(code, message)] * count)

    def fail_next(self, label: str) -> None:
        """Let the next resource of a kind end in CREATE FAILED with a transcribed reason."""
        self._failing.append(label)

    def _answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self._now += timedelta(seconds=1)
        if self._refusals.get(operation):
            raise self._refusals[operation].popleft()
        plain = load_answers()["answers"].get(operation)
        if plain is not None:
            return _filled(plain["answer"], request)
        own = getattr(self, f"_{xform_name(operation)}", None)
        if own is not None:
            return own(request)
        label, verb = _roles()[operation]
        return getattr(self, f"_on_{verb}")(label, request)

    def _on_create(self, label: str, request: Mapping[str, Any]) -> dict[str, Any]:
        kind = load_answers()["kinds"][label]
        arn = self._prefix + _resource(kind["resource"], request)
        given = {name: value for name, value in request.items() if name != "tags"}
        tags = {tag["tagKey"]: tag["tagValue"] for tag in request.get("tags", [])}
        made = Made(label, arn, given, deque(kind["states"]), self._now, tags=tags)
        made.look()
        if label in self._failing:
            self._failing.remove(label)
            made.failure = load_answers()["failures"][label]
            made.coming[-1] = "CREATE FAILED"
        self._made[arn] = made
        for other in kind.get("brings", ()):
            self._bring(other, request)
        return self._members(made, kind["create"]["answer"])

    def _bring(self, other: Mapping[str, Any], request: Mapping[str, Any]) -> None:
        """Make what comes by itself with something else."""
        group = str(request["datasetGroupArn"])
        given = _filled(other["given"], {"group": group.rpartition("/")[2]})
        if "schemaArn" in given:
            given |= {"schemaArn": self._prefix + given["schemaArn"], "datasetGroupArn": group}
        self._on_create(other["kind"], given)

    def _on_describe(self, label: str, request: Mapping[str, Any]) -> dict[str, Any]:
        made = self._find(label, request)
        made.look()
        if made.update is not None:
            self._look_at_update(made, made.update)
        if made.leaving and not made.coming:
            made.status = made.status or "DELETE PENDING"
            self._go(made)
        return {made.kind["describe"]["root"]: self._members(made, made.kind["description"])}

    def _look_at_update(self, made: Made, update: Made) -> None:
        update.look()
        if update.coming or made.given.get("_merged") is update:
            return
        merged = made.kind["update"].get("merged", {})
        for name, value in update.given.items():
            if name in merged:
                made.given[merged[name]] = {**made.given.get(merged[name], {}), **value}
            else:
                made.given[name] = value
        made.given["_merged"] = update

    def _go(self, made: Made) -> None:
        """Forget what is deleted, and what goes with it."""
        for arn in [arn for arn in self._made if arn == made.arn or arn.startswith(f"{made.arn}/")]:
            del self._made[arn]

    def _on_list(self, label: str, request: Mapping[str, Any]) -> dict[str, Any]:
        kind = load_answers()["kinds"][label]
        limits = [v for name, v in request.items() if name not in ("maxResults", "nextToken")]
        listed = [
            self._members(made, kind["summary"])
            for made in list(self._made.values())
            if made.label == label and all(_belongs(made, str(parent)) for parent in limits)
        ]
        return _page(kind["list"]["member"], listed, request)

    def _on_update(self, label: str, request: Mapping[str, Any]) -> dict[str, Any]:
        made = self._find(label, request)
        update = made.kind["update"]
        arn_member = f"{made.kind['describe']['root']}Arn"
        given = {name: value for name, value in request.items() if name != arn_member}
        made.update = Made(label, made.arn, given, deque(update["states"]), self._now)
        made.update.look()
        return self._members(made, update["answer"])

    def _on_delete(self, label: str, request: Mapping[str, Any]) -> dict[str, Any]:
        made = self._find(label, request)
        made.coming = deque(made.kind["delete"]["states"])
        made.leaving = True
        made.look()
        if not made.status:
            self._go(made)
        return {}

    def _on_stop(
        self, label: str, request: Mapping[str, Any], verb: str = "stop"
    ) -> dict[str, Any]:
        made = self._find(label, request)
        made.coming = deque(made.kind[verb]["states"])
        made.look()
        return self._members(made, made.kind[verb]["answer"])

    def _on_start(self, label: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._on_stop(label, request, "start")

    def _list_tags_for_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        tags = self._find("resource", request).tags
        return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}

    def _tag_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        tags = self._find("resource", request).tags
        tags |= {tag["tagKey"]: tag["tagValue"] for tag in request["tags"]}
        return {}

    def _untag_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        tags = self._find("resource", request).tags
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    def _list_metric_attribution_metrics(self, request: Mapping[str, Any]) -> dict[str, Any]:
        metrics = self._find("metric attribution", request).given["metrics"]
        return _page("metrics", metrics, request)

    def _update_metric_attribution(self, request: Mapping[str, Any]) -> dict[str, Any]:
        made = self._find("metric attribution", request)
        removed = request.get("removeMetrics", [])
        kept = [one for one in made.given["metrics"] if one["metricName"] not in removed]
        made.given["metrics"] = [*kept, *request.get("addMetrics", [])]
        made.given |= {k: v for k, v in request.items() if k == "metricsOutputConfig"}
        return {"metricAttributionArn": made.arn}

    def _get_personalized_ranking(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ranked = [{"itemId": item, "score": 0.1} for item in reversed(request["inputList"])]
        return {"recommendationId": "RID-1", "personalizedRanking": ranked}

    def _find(self, label: str, request: Mapping[str, Any]) -> Made:
        arn = next(str(value) for name, value in request.items() if name.endswith("Arn"))
        if arn not in self._made:
            text = load_answers()["errors"]["ResourceNotFoundException"]
            raise Refused("ResourceNotFoundException", text.format(label=label, arn=arn))
        return self._made[arn]

    def _members(self, made: Made, names: Sequence[str]) -> dict[str, Any]:
        """Those members that there is something to say about, in their order."""
        values = {name: self._member(made, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def _member(self, made: Made, name: str) -> Any:
        kind = made.kind
        own = {
            f"{kind['describe']['root']}Arn": made.arn,
            "status": made.status or None,
            "creationDateTime": made.created_at,
            "lastUpdatedDateTime": self._now,
            "failureReason": made.failure,
            "datasetType": str(made.given.get("datasetType", "")).upper() or None,
        }
        if name in own:
            return own[name]
        if name in kind.get("newest", {}):
            return self._newest(kind["newest"][name], made.arn)
        if made.update is not None and name == kind.get("update", {}).get("member"):
            return self._members(made.update, kind["update"]["description"])
        if name in kind.get("once_active", {}):
            ready = made.failure is None and made.status not in kind["states"][:-1]
            return kind["once_active"][name] if ready else None
        for parent, inherited in kind.get("inherits", {}).items():
            if name in inherited and (value := self._inherited(made, parent, name)) is not None:
                return value
        default = kind.get("defaults", {}).get(name)
        if isinstance(default, str):
            default = default.format(account=self._account)
        return made.given.get(name, default)

    def _inherited(self, made: Made, parent: str, name: str) -> Any:
        above = self._made.get(made.given[parent])
        return None if above is None else self._member(above, name)

    def _newest(self, label: str, parent: str) -> Any:
        found = [m for m in self._made.values() if m.label == label and _belongs(m, parent)]
        return self._members(found[-1], found[-1].kind["summary"]) if found else None


def _belongs(made: Made, parent: str) -> bool:
    """Whether something it says, or its ARN, is the parent or lies below it."""
    texts = [made.arn, *(value for value in made.given.values() if isinstance(value, str))]
    return any(text == parent or text.startswith(f"{parent}/") for text in texts)


def _page(member: str, listed: Sequence[Any], request: Mapping[str, Any]) -> dict[str, Any]:
    first = int(request.get("nextToken", 0))
    more = {"nextToken": str(first + _PAGE)} if len(listed) > first + _PAGE else {}
    return {member: list(listed[first : first + _PAGE]), **more}


def _resource(template: str, request: Mapping[str, Any]) -> str:
    """The last part of an ARN, of what its maker was given."""
    name = request.get("name") or request.get("jobName")
    return template.format(
        name=name,
        group=str(request.get("datasetGroupArn")).rpartition("/")[2],
        solution=str(request.get("solutionArn")).rpartition("/")[2],
        type=str(request.get("datasetType")).upper(),
        hex=hashlib.sha256(repr(sorted(request.items(), key=str)).encode()).hexdigest()[:8],
    )


def _filled(value: Any, texts: Mapping[str, Any]) -> Any:
    """A transcribed value with the names in braces replaced, where there are such texts."""
    if isinstance(value, Mapping):
        return {key: _filled(member, texts) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, texts) for member in value]
    if isinstance(value, str):
        for name, text in texts.items():
            value = value.replace(f"{{{name}}}", str(text))
    return value


@cache
def _roles() -> Mapping[str, tuple[str, str]]:
    """Kind and part of every operation that belongs to one kind."""
    return dict(_each_role())


def _each_role() -> Iterator[tuple[str, tuple[str, str]]]:
    verbs = ("create", "describe", "list", "update", "delete", "stop", "start")
    for label, kind in load_answers()["kinds"].items():
        for verb in verbs:
            if verb in kind:
                yield kind[verb]["operation"], (label, verb)
