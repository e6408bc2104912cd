"""What a client was seen asking and answered: valid by the model, told as shapes and states.

An observer holds no values: members by path and type, the texts of statuses, and the order in
which each resource went through them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personalize_assets_tests.contract.shapes import complaints, shape_of

Shapes = dict[str, dict[str, str]]
"""Paths of members and their types, by operation."""


@dataclass
class Observer:
    """Looks at every request and answer of the clients that it is attached to.

    Attributes:
        requests: All members that requests of an operation had.
        answers: All members that its answers had.
        errors: Codes of errors by operation.
        states: For each kind of resource, the pairs of statuses that followed each other; the
            first status of all follows an empty text.
        invalid: What the model does not allow, one sentence each.
        always: Members that every answer had, by operation and status of what is described.
        ever: Members that an answer had, in the same way.
    """

    requests: Shapes = field(default_factory=dict)
    answers: Shapes = field(default_factory=dict)
    errors: dict[str, set[str]] = field(default_factory=dict)
    states: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)
    always: dict[str, set[str]] = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)
    _asked: Mapping[str, Any] = field(default_factory=dict)

    def attach(self, client: Any) -> None:
        """Look at this client from now on."""
        service = client.meta.service_model.service_id.hyphenize()
        events = client.meta.events
        events.register(f"before-parameter-build.{service}", self._on_request)
        events.register(f"after-call.{service}", self._on_answer)

    def _on_request(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        self._asked = params
        self.requests.setdefault(model.name, {}).update(shape_of(model.input_shape, params))
        self._judge("request", model.name, model.input_shape, params)

    def _on_answer(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        if "Error" in parsed:
            self.errors.setdefault(model.name, set()).add(parsed["Error"]["Code"])
            if model.name.startswith("Describe"):
                self._forget(set(self._asked.values()))
            return
        shape = model.output_shape
        if shape is None:
            return
        answer = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        members = shape_of(shape, answer)
        self.answers.setdefault(model.name, {}).update(members)
        self._judge("answer", model.name, shape, answer)
        if model.name.startswith("Describe"):
            self._follow(answer)
        self._compare_with_others(model.name, answer, set(members))

    def _compare_with_others(
        self, operation: str, answer: Mapping[str, Any], members: set[str]
    ) -> None:
        described = next(iter(answer.values()), None) if operation.startswith("Describe") else None
        status = described.get("status", "") if isinstance(described, dict) else ""
        key = f"{operation} {status}".strip()
        self.always[key] = self.always.get(key, members) & members
        self.ever[key] = self.ever.get(key, set()) | members

    def _judge(self, what: str, operation: str, shape: Any, value: Any) -> None:
        if shape is not None:
            self.invalid += [f"{what} of {operation}: {one}" for one in complaints(shape, value)]

    def _follow(self, answer: Mapping[str, Any]) -> None:
        """Take note of the status of what is described, and of its newest update."""
        for root, description in answer.items():
            arn = str(description.get(f"{root}Arn", ""))
            self._see(root, arn, description.get("status"))
            for member, update in description.items():
                if member.startswith("latest"):
                    moment = update.get("creationDateTime")
                    self._see(f"{root}.{member}", f"{arn} {moment}", update.get("status"))

    def _see(self, kind: str, identity: str, status: str | None) -> None:
        if status is None:
            return
        key = f"{kind} {identity}"
        before = self._last.get(key, "")
        self._last[key] = status
        if before != status:
            self.states.setdefault(kind, set()).add((before, status))

    def _forget(self, gone: set[Any]) -> None:
        """Begin anew with a resource that is not there: its name may be taken again."""
        for key in [key for key in self._last if key.split(" ")[1] in gone]:
            del self._last[key]

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON-like values, in order: what `--record` writes."""
        names = sorted(self.requests)
        return {
            "operations": {
                name: {
                    "request": dict(sorted(self.requests[name].items())),
                    "answer": dict(sorted(self.answers.get(name, {}).items())),
                    "errors": sorted(self.errors.get(name, ())),
                }
                for name in names
            },
            "states": {
                kind: [list(pair) for pair in sorted(pairs)]
                for kind, pairs in sorted(self.states.items())
            },
        }
