from typing import Any

import pytest

from personalize_assets.engine.operations import registry
from personalize_assets.engine.wire.model import load_operations


def test_registry__answers_or_explains_every_operation() -> None:
    import personalize_assets.engine.operations  # noqa: F401 - registers the families

    known = set(load_operations().by_name)
    assert len(known) == 79
    assert registry.registered() | registry.UNSUPPORTED.keys() == known
    assert registry.registered() & registry.UNSUPPORTED.keys() == set()


def test_registry__every_reason_is_a_sentence_part() -> None:
    for reason in registry.UNSUPPORTED.values():
        assert len(reason) > 20
        assert not reason.endswith(".")


def test_operation__registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})

    @registry.operation("personalize", "DescribeCampaign")
    def describe_campaign(_context: Any, _request: Any) -> dict[str, Any]:
        return {}

    assert registry.lookup("personalize", "DescribeCampaign") is describe_campaign
    assert registry.lookup("personalize", "ListCampaigns") is None
    assert registry.registered() == {("personalize", "DescribeCampaign")}


def test_operation__two_functions_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    mark = registry.operation("personalize", "DescribeCampaign")

    def first(_context: Any, _request: Any) -> dict[str, Any]:
        return {}

    def second(_context: Any, _request: Any) -> dict[str, Any]:
        return {}

    mark(first)
    with pytest.raises(ValueError, match=r"personalize DescribeCampaign is answered by .*first"):
        mark(second)
