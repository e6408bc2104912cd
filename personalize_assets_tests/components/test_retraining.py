"""A small shop over some days: new goods, new orders, nothing new; what is imported and trained.

The jobs run as Dagster runs them, against the real engine; all tests read the same story.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import personalize_assets
from personalize_assets.aws.deployment import Deployment
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.attributes import DatasetGroupAttributes
from personalize_assets.components.graph import newest_metadata
from personalize_assets.resources import resources_of
from personalize_assets_tests.prove_operations.shops import ATTRIBUTES, ITEMS, Shop, orders

GOODS = {"file": "goods.csv", "columns": {"ITEM_ID": "sku", "COLOUR": "colour"}}
TABLES = {**ATTRIBUTES["source"]["tables"], "items": GOODS}
STORY: Mapping[str, Any] = {
    **ATTRIBUTES,
    "source": {**ATTRIBUTES["source"], "tables": TABLES},
    "datasets": ["interactions", "items"],
    "solutions": [{"name": "personal", "recipe": "aws-user-personalization"}],
    "filters": [],
    "event_tracker": False,
    "batch_inference": None,
    # What is learned from so little moves about; the gate is proved elsewhere.
    "promotion": {
        "smoke_requests": 1,
        "metrics": [{"name": "mean_reciprocal_rank_at_25", "max_drop": 1}],
    },
    "retraining": {"full": "0 3 * * 1", "update": "0 5 * * *", "after_new_interactions": 1_000},
}


@dataclass
class Day:
    """What there was when a job had run.

    Attributes:
        version: Metadata of the solution version.
        imported: Metadata of the imported interactions.
        versions: Training modes of all versions, oldest first.
        imports: Import modes of all jobs, oldest first.
        in_service: ARN of the version that the campaign answers with.
        metrics: Of the version.
    """

    version: Mapping[str, Any]
    imported: Mapping[str, Any]
    versions: list[str]
    imports: list[str]
    in_service: str
    metrics: Mapping[str, Any]


@dataclass
class Story:
    """The shop, its definitions and what happened."""

    shop: Shop
    instance: dg.DagsterInstance
    definitions: dg.Definitions
    days: dict[str, Day] = field(default_factory=dict[str, Day])
    sensor: dict[str, Any] = field(default_factory=dict[str, Any])

    def deliver(self, goods: int, more_orders: int = 0) -> None:
        """Put the raw files of a day: so many goods, and orders beside those of the first day."""
        bucket = self.shop.bucket
        rows = [f"i{item},{'red' if item % 3 else 'blue'}" for item in range(goods)]
        bucket.write_bytes("shop/raw_data/goods.csv", "\n".join(["sku,colour", *rows, ""]).encode())
        late = [
            f"c{n % 60},i{n % 7 + n % 60 % 2 * ITEMS // 2},{1_710_000_000 + n},view\n"
            for n in range(more_orders)
        ]
        bucket.write_bytes("shop/raw_data/orders.csv", orders() + "".join(late).encode())

    def run(self, name: str, job: str) -> None:
        """Run a job and note the day under ``name``."""
        result = self.definitions.resolve_job_def(f"shop_{job}").execute_in_process(
            instance=self.instance
        )
        assert result.success
        client = self.shop.clients.personalize
        versions = client.list_solution_versions()["solutionVersions"]
        jobs = client.list_dataset_import_jobs()["datasetImportJobs"]
        (campaign,) = client.list_campaigns()["campaigns"]
        described = client.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
        self.days[name] = Day(
            version=self.made("personal", "solution_version"),
            imported=self.made("interactions_dataset"),
            versions=[one["trainingMode"] for one in sorted(versions, key=_age)],
            imports=[one["importMode"] for one in sorted(jobs, key=_age)],
            in_service=described["solutionVersionArn"],
            metrics=self.made("personal", "metrics"),
        )

    def made(self, *path: str) -> Mapping[str, Any]:
        return newest_metadata(self.instance, dg.AssetKey(["shop", *path]))

    def look(self, name: str) -> None:
        """A tick of the sensor that waits for new interactions."""
        sensor = self.definitions.get_repository_def().get_sensor_def("shop_new_interactions")
        with dg.build_sensor_context(instance=self.instance) as context:
            self.sensor[name] = sensor(context)


def _age(one: Mapping[str, Any]) -> Any:
    return one["creationDateTime"]


@pytest.fixture(scope="module")
def story(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    shop = Shop(deployment, 700, STORY).open()
    component = PersonalizeDatasetGroup.resolve_from_dict(dict(STORY))
    definitions = dg.Definitions.merge(
        component.build_defs(dg.ComponentTree.for_test().load_context),
        dg.Definitions(resources=resources_of(shop.deployment)),
    )
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("story"))) as instance:
        one = Story(shop, instance, definitions)
        one.look("before all")
        one.deliver(ITEMS)
        one.run("first", "main")
        one.look("after training")
        one.run("same goods", "update")
        one.deliver(ITEMS + 5)
        one.run("new goods", "update")
        one.run("same goods again", "update")
        one.deliver(ITEMS + 5, more_orders=1_500)
        one.run("new orders", "ingestion")
        one.look("enough orders")
        one.run("in full", "retraining")
        one.look("trained again")
        one.run("in full again", "retraining")
        yield one


@pytest.mark.slow
def test_update__of_unchanged_items_makes_nothing(story: Story) -> None:
    first, second = story.days["first"], story.days["same goods"]

    assert second.versions == first.versions == ["FULL"]
    assert second.version["arn"] == first.version["arn"]
    assert second.version["unchanged"]


@pytest.mark.slow
def test_update__brings_new_items_into_the_model_and_the_model_into_service(story: Story) -> None:
    first, updated = story.days["first"], story.days["new goods"]

    assert updated.versions == ["FULL", "UPDATE"]
    assert updated.version["training_mode"] == "UPDATE"
    assert updated.version["arn"] != first.version["arn"]
    assert first.in_service == first.version["arn"]
    assert updated.in_service == updated.version["arn"]
    numbers = {name: value for name, value in first.metrics.items() if name.endswith("at_25")}
    assert numbers.items() <= updated.metrics.items()


@pytest.mark.slow
def test_update__knows_what_its_model_was_trained_on(story: Story) -> None:
    first, updated = story.days["first"].version, story.days["new goods"].version

    assert first["trained_interactions"] == updated["trained_interactions"] == 1_200
    assert first["items_sha256"] != updated["items_sha256"]


@pytest.mark.slow
def test_update__is_not_made_twice(story: Story) -> None:
    updated, again = story.days["new goods"], story.days["same goods again"]

    assert again.versions == updated.versions
    assert again.in_service == updated.in_service


@pytest.mark.slow
def test_ingestion__imports_what_was_added_and_trains_nothing(story: Story) -> None:
    before, after = story.days["same goods again"], story.days["new orders"]

    # Interactions and items of the first day, five goods more, then the orders.
    assert before.imports == ["FULL", "FULL", "INCREMENTAL"]
    assert after.imports == [*before.imports, "INCREMENTAL"]
    assert after.imported["import_reason"] == "only 1,500 new interactions"
    assert after.imported["dagster/row_count"] == 2_700
    assert after.versions == before.versions


@pytest.mark.slow
def test_retraining__trains_on_new_data_once(story: Story) -> None:
    first, again = story.days["in full"], story.days["in full again"]

    assert first.versions == again.versions == ["FULL", "UPDATE", "FULL"]
    assert first.imports == again.imports
    assert first.version["trained_interactions"] == 2_700
    assert again.version["unchanged"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("before all", "no interactions were imported yet"),
        (
            "after training",
            "1,200 interactions are imported, personal was trained on 1,200: 0 more, 1,000 are "
            "needed",
        ),
        (
            "trained again",
            "2,700 interactions are imported, personal was trained on 2,700: 0 more, 1,000 are "
            "needed",
        ),
    ],
)
def test_new_interactions__says_why_it_waits(story: Story, when: str, reason: str) -> None:
    assert story.sensor[when].skip_message == reason


@pytest.mark.slow
def test_new_interactions__asks_for_one_run_of_each_state_of_the_data(story: Story) -> None:
    request = story.sensor["enough orders"]

    assert isinstance(request, dg.RunRequest)
    assert request.run_key == story.days["new orders"].imported["csv_sha256"]
    assert request.tags == {"personalize/new_interactions": "1500"}


@pytest.mark.slow
def test_new_interactions__waits_for_a_run_at_work(story: Story) -> None:
    job = story.definitions.resolve_job_def("shop_retraining")
    run = story.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    story.look("at work")
    story.instance.delete_run(run.run_id)

    reason = story.sensor["at work"].skip_message
    assert reason == f"run {run.run_id} is at work: looked at again when it is over"


@pytest.mark.slow
def test_training__is_never_left_to_the_default_of_the_service(story: Story) -> None:
    """Left out, Amazon Personalize would train every seven days by itself, at a price."""
    client = story.shop.clients.personalize
    arns = [one["solutionArn"] for one in client.list_solutions()["solutions"]]

    described = [client.describe_solution(solutionArn=arn)["solution"] for arn in arns]

    assert {one["performAutoTraining"] for one in described} == {False}


def test_training__says_everywhere_whether_it_is_automatic() -> None:
    calls = list(calls_of("create_solution"))
    assert calls
    for call in calls:
        assert "performAutoTraining" in {keyword.arg for keyword in call.keywords}


def calls_of(method: str) -> Iterator[ast.Call]:
    """Calls of a method of boto3 in the package."""
    for path in Path(personalize_assets.__path__[0]).rglob("*.py"):
        text = path.read_text()
        if f".{method}(" not in text or "engine" in path.parts:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from [node] if node.func.attr == method else []


def test_attributes__refuse_updates_that_no_recipe_can_take() -> None:
    wrong = {**STORY, "solutions": [{"name": "sims", "recipe": "aws-sims"}], "campaigns": []}

    with pytest.raises(Exception, match="takes new items in: aws-user-personalization"):
        PersonalizeDatasetGroup.resolve_from_dict(wrong)


def test_updated__are_solutions_that_take_new_items() -> None:
    attributes = DatasetGroupAttributes.resolve_from_dict(dict(STORY))

    assert [one.name for one in attributes.updated] == ["personal"]
