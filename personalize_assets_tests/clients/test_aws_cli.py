"""One whole life cycle through the AWS CLI, typed as a person would."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from botocore import xform_name

from personalize_assets_tests.clients.conftest import Place, genres_of
from personalize_assets_tests.engine.operations.conftest import ROLE, avro

PROGRAM = Path(sys.executable).parent / "aws"
INTERACTIONS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
ITEMS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
]


class Terminal:
    """Runs ``aws`` with the endpoint in its environment, as the README tells users to."""

    def __init__(self, place: Place, home: Path) -> None:
        self.bucket = place.bucket
        self._endpoint = place.endpoint
        self._environment = {
            **place.environment,
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": place.endpoint,
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [PROGRAM, "--output", "json", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def __call__(self, service: str, operation: str, **options: Any) -> Any:
        arguments = [service, xform_name(operation, "-")]
        for name, value in options.items():
            flag = f"--{xform_name(name, '-')}"
            if isinstance(value, bool):
                arguments.append(flag if value else flag.replace("--", "--no-", 1))
            else:
                text = value if isinstance(value, str) else json.dumps(value)
                arguments += [flag, text]
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def settle(self) -> None:
        """Wait until the engine has nothing to do: a call of the CLI costs a second."""
        for _ in range(600):
            with urlopen(f"{self._endpoint}/_personalize/health") as answer:
                if json.load(answer)["running_jobs"] == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the engine does not come to rest")

    def wait(self, kind: str, arn: str) -> None:
        """Wait until a resource is ACTIVE."""
        self.settle()
        member = kind[0].lower() + kind[1:]
        found = self("personalize", f"Describe{kind}", **{f"{member}Arn": arn})[member]
        assert found["status"] == "ACTIVE", found

    def gone(self, kind: str, arn: str) -> None:
        """See that a deleted resource is shown once more, and then not found."""
        flag = f"--{xform_name(kind, '-')}-arn"
        describe = ("personalize", f"describe-{xform_name(kind, '-')}", flag, arn)
        shown = self.run(*describe)
        # A busy machine may take longer to start the command line than the engine shows it.
        assert '"DELETE ' in shown.stdout or "ResourceNotFoundException" in shown.stderr
        self.settle()
        done = self.run(*describe)
        assert done.returncode != 0
        assert "(ResourceNotFoundException)" in done.stderr


@pytest.fixture
def aws(place: Place, tmp_path: Path) -> Terminal:
    return Terminal(place, tmp_path)


def _dataset(aws: Terminal, group: str, kind: str, fields: list[dict[str, Any]]) -> None:
    schema = aws("personalize", "CreateSchema", name=f"cli-{kind}", schema=avro(kind, fields))
    dataset = aws(
        "personalize",
        "CreateDataset",
        name=f"cli-{kind}",
        schemaArn=schema["schemaArn"],
        datasetGroupArn=group,
        datasetType=kind,
    )["datasetArn"]
    aws.wait("Dataset", dataset)
    job = aws(
        "personalize",
        "CreateDatasetImportJob",
        jobName=f"cli-{kind}",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{aws.bucket}/{kind.lower()}.csv"},
        roleArn=ROLE,
    )["datasetImportJobArn"]
    aws.wait("DatasetImportJob", job)


@pytest.mark.slow
def test_life_cycle(aws: Terminal) -> None:
    group = aws("personalize", "CreateDatasetGroup", name="cli-group")["datasetGroupArn"]
    aws.wait("DatasetGroup", group)
    _dataset(aws, group, "Interactions", INTERACTIONS)
    _dataset(aws, group, "Items", ITEMS)
    solution = aws(
        "personalize",
        "CreateSolution",
        name="cli-solution",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-user-personalization",
        performAutoTraining=False,
    )["solutionArn"]
    aws.wait("Solution", solution)
    version = aws("personalize", "CreateSolutionVersion", solutionArn=solution)[
        "solutionVersionArn"
    ]
    aws.wait("SolutionVersion", version)
    metrics = aws("personalize", "GetSolutionMetrics", solutionVersionArn=version)["metrics"]
    assert 0 < metrics["coverage"] <= 1
    campaign = aws(
        "personalize", "CreateCampaign", name="cli-campaign", solutionVersionArn=version
    )["campaignArn"]
    aws.wait("Campaign", campaign)
    chosen = aws(
        "personalize",
        "CreateFilter",
        name="cli-filter",
        datasetGroupArn=group,
        filterExpression='EXCLUDE ItemID WHERE Items.GENRES IN ("Crime", "War")',
    )["filterArn"]
    aws.wait("Filter", chosen)
    tracker = aws("personalize", "CreateEventTracker", name="cli-tracker", datasetGroupArn=group)
    aws.wait("EventTracker", tracker["eventTrackerArn"])

    _recommend(aws, campaign, chosen, tracker["trackingId"])
    _delete(aws, group, campaign, solution, tracker["eventTrackerArn"], chosen)


def _recommend(aws: Terminal, campaign: str, chosen: str, tracking: str) -> None:
    service, operation = "personalize-runtime", "GetRecommendations"
    asked = {"campaignArn": campaign, "userId": "u2", "numResults": 10}
    before = aws(service, operation, **asked)["itemList"]
    assert len(before) == 10
    filtered = aws(service, operation, **asked, filterArn=chosen)["itemList"]
    assert {genres_of(item["itemId"]) for item in filtered} == {"Drama"}
    event = {"eventType": "watch", "itemId": "i55", "sentAt": int(time.time())}
    aws(
        "personalize-events",
        "PutEvents",
        trackingId=tracking,
        userId="u2",
        sessionId="s2",
        eventList=[event],
    )
    assert aws(service, operation, **asked)["itemList"] != before


def _delete(
    aws: Terminal, group: str, campaign: str, solution: str, tracker: str, chosen: str
) -> None:
    refused = aws.run("personalize", "delete-dataset-group", "--dataset-group-arn", group)
    assert refused.returncode != 0
    assert "(ResourceInUseException)" in refused.stderr
    for kind, arn in (
        ("Campaign", campaign),
        ("Solution", solution),
        ("EventTracker", tracker),
        ("Filter", chosen),
    ):
        member = kind[0].lower() + kind[1:]
        aws("personalize", f"Delete{kind}", **{f"{member}Arn": arn})
        aws.gone(kind, arn)
    for each in aws("personalize", "ListDatasets", datasetGroupArn=group)["datasets"]:
        aws("personalize", "DeleteDataset", datasetArn=each["datasetArn"])
        aws.gone("Dataset", each["datasetArn"])
    aws("personalize", "DeleteDatasetGroup", datasetGroupArn=group)
    aws.gone("DatasetGroup", group)
