"""One engine for all tests of the control paths, emptied before each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from personalize_assets.testing import LocalPersonalize, local_personalize
from personalize_assets_tests.engine.operations.conftest import ROLE, avro, interactions_csv


@dataclass
class Site:
    """An engine, and requests to its control paths as they are."""

    local: LocalPersonalize

    @property
    def api(self) -> Any:
        return self.local.personalize

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Give status and body of a request; ``body`` is JSON unless it is bytes."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        address = urlsplit(self.local.endpoint_url)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            connection.request(method, f"/_personalize/{path}", data, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def group(self, name: str = "g", **of: str) -> str:
        client = self.local.client("personalize", **of) if of else self.api
        arn = client.create_dataset_group(name=name)["datasetGroupArn"]
        self.local.wait_until_idle()
        return arn

    def group_names(self) -> list[str]:
        groups = self.api.list_dataset_groups(maxResults=100)["datasetGroups"]
        return sorted(group["name"] for group in groups)

    def start_import(self, group: str, text: str | None = None) -> str:
        """Begin to import interactions into a new dataset of a group."""
        schema = self.api.create_schema(name="s", schema=avro("Interactions"))["schemaArn"]
        dataset = self.api.create_dataset(
            name="d", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
        )["datasetArn"]
        self.local.wait_until_idle()
        self.local.s3.create_bucket(Bucket="bucket")
        self.local.s3.put_object(Bucket="bucket", Key="i.csv", Body=text or interactions_csv())
        return self.api.create_dataset_import_job(
            jobName="j",
            datasetArn=dataset,
            dataSource={"dataLocation": "s3://bucket/i.csv"},
            roleArn=ROLE,
        )["datasetImportJobArn"]


@pytest.fixture(scope="package")
def _process() -> Iterator[LocalPersonalize]:
    with local_personalize() as local:
        yield local


@pytest.fixture
def site(_process: LocalPersonalize) -> Site:
    _process.reset()
    return Site(_process)


@pytest.fixture
def used_site(_process: LocalPersonalize) -> Site:
    """The same engine with what an earlier test left, for requests that change nothing."""
    return Site(_process)
