import pytest

from personalize_assets.engine.context import MustWait, RequestContext
from personalize_assets.engine.operations.get_recommendations import get_recommendations
from personalize_assets_tests.engine.operations.conftest import World
from personalize_assets_tests.engine.operations.serving import campaign


def context_of(world: World, *, may_wait: bool) -> RequestContext:
    engine = world.engine
    app = engine.backend.app
    assert app is not None
    return RequestContext(
        account="123456789012",
        region="us-east-1",
        request_id="r",
        store=engine.store,
        jobs=engine.jobs,
        clock=engine.clock,
        new_id=lambda: "0123abcd",
        settings=None,  # type: ignore[arg-type]
        serving=app.serving,
        may_wait=may_wait,
    )


def test_who_may_not_wait__waits_until_all_is_in_memory(world: World) -> None:
    group = world.filled_group()
    arn = campaign(world, group, "aws-popularity-count")
    hasty, patient = (context_of(world, may_wait=may) for may in (False, True))
    request = {"campaignArn": arn, "numResults": 3}
    with pytest.raises(MustWait):
        get_recommendations(hasty, request)
    answer = get_recommendations(patient, request)
    assert get_recommendations(hasty, request)["itemList"] == answer["itemList"]
    [dataset] = world.api.list_datasets(datasetGroupArn=group)["datasets"]
    rows = "".join(f"u{at},i{at % 9},watch,1.0,{1_700_000_000 + at}\n" for at in range(1_000))
    header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
    world.import_text(dataset["datasetArn"], header + rows, "second")
    with pytest.raises(MustWait):  # the imported file is another one
        get_recommendations(hasty, request)
