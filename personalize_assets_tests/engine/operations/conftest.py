import functools
import itertools
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from personalize_assets_tests.engine.conftest import Engine, LocalS3

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"
RECIPE = "arn:aws:personalize:::recipe/"
FIELDS: dict[str, list[dict[str, Any]]] = {
    "Interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "Items": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["string", "null"], "categorical": True},
        {"name": "YEAR", "type": ["int", "null"]},
    ],
    "Users": [
        {"name": "USER_ID", "type": "string"},
        {"name": "AGE", "type": ["int", "null"]},
    ],
    "Actions": [
        {"name": "ACTION_ID", "type": "string"},
        {"name": "PRICE", "type": "float"},
    ],
}
_buckets = itertools.count(1)


def avro(name: str, fields: list[dict[str, Any]] | None = None) -> str:
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": FIELDS[name] if fields is None else fields,
            "version": "1.0",
        }
    )


@functools.cache
def interactions_csv(n_users: int = 36, n_each: int = 40, n_items: int = 80) -> str:
    """Users who go through the items in steps of their own; one day between events."""
    lines = ["USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"]
    for user in range(n_users):
        for step in range(n_each):
            item = (user * 7 + step * (1 + user % 3)) % n_items
            kind, value = ("watch", "5.0") if step % 4 else ("click", "2.0")
            lines.append(f"u{user},i{item},{kind},{value},{1_600_000_000 + 86_400 * step + user}")
    return "\n".join(lines) + "\n"


@dataclass
class World:
    """Makes resources in few words; jobs run when `run` is called."""

    engine: Engine
    s3: LocalS3
    bucket: str

    @property
    def api(self) -> Any:
        return self.engine.personalize

    def run(self) -> None:
        self.engine.jobs.run_pending()

    def put(self, key: str, text: str | bytes) -> str:
        data = text.encode() if isinstance(text, str) else text
        self.s3.client.put_object(Bucket=self.bucket, Key=key, Body=data)
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str) -> str:
        return (self.s3.root / self.bucket / key).read_text()

    def group(self, name: str = "movies", **more: Any) -> str:
        arn = self.api.create_dataset_group(name=name, **more)["datasetGroupArn"]
        self.run()
        return arn

    def schema(self, name: str = "Interactions", text: str | None = None, **more: Any) -> str:
        number = len(self.api.list_schemas(maxResults=100)["schemas"])
        return self.api.create_schema(name=f"schema-{number}", schema=text or avro(name), **more)[
            "schemaArn"
        ]

    def dataset(self, group: str, kind: str = "Interactions", schema: str | None = None) -> str:
        arn = self.api.create_dataset(
            name=f"d-{kind}",
            schemaArn=schema or self.schema(kind),
            datasetGroupArn=group,
            datasetType=kind,
        )["datasetArn"]
        self.run()
        return arn

    def start_import(self, dataset: str, location: str, name: str = "job", **more: Any) -> str:
        return self.api.create_dataset_import_job(
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": location},
            roleArn=ROLE,
            **more,
        )["datasetImportJobArn"]

    def import_text(
        self, dataset: str, text: str | bytes, name: str = "job", **more: Any
    ) -> dict[str, Any]:
        """Import one CSV file and give the description of the finished job."""
        arn = self.start_import(dataset, self.put(f"{name}.csv", text), name, **more)
        self.run()
        return self.import_job(arn)

    def import_job(self, arn: str) -> dict[str, Any]:
        return self.api.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """The bulk data of a dataset, without the moments of the imports."""
        resource = self.engine.store.resources.get(dataset)
        assert resource is not None
        path = self.engine.store.artifacts.path(resource.hidden["artifact"])
        table = pq.read_table(path)
        return table.drop([name for name in table.column_names if name[0] == "_"]).to_pylist()

    def filled_group(self, name: str = "movies") -> str:
        """A group with an Interactions dataset that can be trained on."""
        group = self.group(name)
        job = self.import_text(self.dataset(group), interactions_csv(), f"{name}-job")
        assert job["status"] == "ACTIVE", job
        return group

    def solution(
        self, group: str, recipe: str = "aws-popularity-count", name: str = "", **more: Any
    ) -> str:
        arn = self.api.create_solution(
            name=name or recipe, datasetGroupArn=group, recipeArn=RECIPE + recipe, **more
        )["solutionArn"]
        self.run()
        return arn

    def version(self, solution: str, **more: Any) -> str:
        """A version that is trained, or failed."""
        arn = self.api.create_solution_version(solutionArn=solution, **more)["solutionVersionArn"]
        self.run()
        return arn

    def start_batch(self, version: str, name: str = "batch", **more: Any) -> str:
        request: dict[str, Any] = {
            "jobName": name,
            "solutionVersionArn": version,
            "jobInput": {"s3DataSource": {"path": f"s3://{self.bucket}/queries/"}},
            "jobOutput": {"s3DataDestination": {"path": f"s3://{self.bucket}/{name}/"}},
            "roleArn": ROLE,
        }
        return self.api.create_batch_inference_job(**request | more)["batchInferenceJobArn"]

    def hidden(self, arn: str) -> dict[str, Any]:
        """What the engine keeps for itself of a resource."""
        resource = self.engine.store.resources.get(arn)
        assert resource is not None
        return resource.hidden

    def pass_time(self, **spans: float) -> None:
        """Let time pass, ``hours=2``, and run what is due then."""
        self.engine.clock.advance(timedelta(**spans).total_seconds())
        self.run()

    def set_status(self, arn: str, status: str) -> None:
        with self.engine.store.transaction():
            self.engine.store.resources.set_status(arn, status, self.engine.clock())


@pytest.fixture
def world(engine: Engine, s3: LocalS3) -> World:
    """An empty engine and a bucket of its own."""
    bucket = f"bucket-{next(_buckets)}"
    s3.client.create_bucket(Bucket=bucket)
    return World(engine, s3, bucket)


class Refusal:
    """Checks that a call is refused with a code and a text; see `refused`."""

    def __init__(self, code: str, message: str) -> None:
        self._code = code
        self._message = message

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert isinstance(error, ClientError), f"expected {self._code}, got {error!r}"
        found = error.response["Error"]
        assert (found["Code"], self._message in found["Message"]) == (self._code, True), found
        return True


def refused(code: str, message: str) -> Refusal:
    """A context in which the last call must be refused; ``Exception`` is added to the code."""
    return Refusal(f"{code}Exception", message)
