"""The engine itself at scale: import, training, batch inference and a campaign, over its API.

    python -m personalize_assets_tests.benchmarks.scale_engine run FOLDER RECIPE

Takes a set that ``bench_scale`` made. Tells CPU seconds and the peak of memory of each job's
process, what its progress said half-way, and how long a campaign took to answer first.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq

from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.clients import open_clients
from personalize_assets.local.health import read_object
from personalize_assets.local.settings import StackOptions
from personalize_assets.local.stack import ensure_stack, stop_stack
from personalize_assets.local.work import describe_work

ROLE = "arn:aws:iam::123456789012:role/PersonalizeRole"
BUCKET, LENGTH = "scale", 25
_FIELDS = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
_LOOK_EVERY_S = 0.25


@dataclass
class Watched:
    """What was seen of one job's process.

    Attributes:
        wall_s: Until the resource was ready.
        cpu_s: As last seen.
        peak_gb: As last seen.
        told: What the log of a pipeline would have said, in order.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_gb: float = 0.0
    told: list[str] = field(default_factory=list[str])

    def look(self, pid: int) -> None:
        """Read what the system knows of a process; nothing if it is gone."""
        with suppress(OSError, IndexError):
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            self.cpu_s = max(self.cpu_s, (int(stat[11]) + int(stat[12])) / 100)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    self.peak_gb = max(self.peak_gb, int(line.split()[1]) / 1e6)


def watch(engine: str, arn: str, describe: Callable[[], Any]) -> Watched:
    """Wait for a resource and watch the process that works on it.

    Raises:
        RuntimeError: The service says that it failed.
    """
    seen, began = Watched(), time.monotonic()
    while (found := describe())["status"] != "ACTIVE":
        if found["status"] == "CREATE FAILED":
            raise RuntimeError(found.get("failureReason", arn))
        jobs = (read_object(engine, "/_personalize/jobs") or {}).get("unfinished", [])
        for job in jobs:
            if job["resource_arn"] == arn and job["pid"]:
                seen.look(job["pid"])
        text = describe_work(engine, arn)
        if text and text.partition(", about")[0] != "".join(seen.told[-1:]).partition(", about")[0]:
            seen.told.append(text)
        time.sleep(_LOOK_EVERY_S)
    seen.wall_s = time.monotonic() - began
    return seen


def run(folder: Path, recipe: str) -> dict[str, Any]:
    """Bring the set through the engine."""
    with tempfile.TemporaryDirectory() as state:
        deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": state})
        options = StackOptions.for_deployment(deployment)
        engine = ensure_stack(deployment.state_dir, options).personalize
        try:
            return _steps(folder, recipe, engine, open_clients(deployment))
        finally:
            stop_stack(deployment.state_dir)


def _steps(folder: Path, recipe: str, engine: str, clients: Any) -> dict[str, Any]:
    api: Any = clients.personalize
    clients.s3.create_bucket(Bucket=BUCKET)
    with tempfile.TemporaryDirectory() as scratch:
        users = _upload(folder, Path(scratch), clients.s3)
    seen: dict[str, Watched] = {}

    def wait(step: str, describe: Any, member: str, **named: str) -> str:
        [arn] = named.values()
        seen[step] = watch(engine, arn, lambda: describe(**named)[member])
        return arn

    group = wait(
        "group",
        api.describe_dataset_group,
        "datasetGroup",
        datasetGroupArn=api.create_dataset_group(name="scale")["datasetGroupArn"],
    )
    _import(api, wait, group)
    solution = api.create_solution(
        name="scale",
        datasetGroupArn=group,
        recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        performAutoTraining=False,
    )["solutionArn"]
    wait("solution", api.describe_solution, "solution", solutionArn=solution)
    version = wait(
        "train",
        api.describe_solution_version,
        "solutionVersion",
        solutionVersionArn=api.create_solution_version(solutionArn=solution)["solutionVersionArn"],
    )
    job = api.create_batch_inference_job(
        jobName="scale",
        solutionVersionArn=version,
        numResults=LENGTH,
        jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/users.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
        roleArn=ROLE,
    )["batchInferenceJobArn"]
    wait("batch", api.describe_batch_inference_job, "batchInferenceJob", batchInferenceJobArn=job)
    campaign = api.create_campaign(name="scale", solutionVersionArn=version)["campaignArn"]
    wait("campaign", api.describe_campaign, "campaign", campaignArn=campaign)
    began = time.monotonic()
    clients.personalize_runtime.get_recommendations(campaignArn=campaign, userId="u1")
    first_s = time.monotonic() - began
    return {
        "users": users,
        "users_per_cpu_s": users / max(seen["batch"].cpu_s, 0.01),
        "first_answer_s": first_s,
        **{step: vars(seen[step]) for step in ("import", "train", "batch", "campaign")},
    }


def _upload(folder: Path, scratch: Path, s3: Any) -> int:
    interactions = pq.read_table(folder / "interactions.parquet", columns=list(_FIELDS))
    pyarrow.csv.write_csv(interactions, scratch / "rows.csv")
    s3.upload_file(str(scratch / "rows.csv"), BUCKET, "interactions.csv")
    users = pq.read_table(folder / "users.parquet", columns=["USER_ID"])["USER_ID"].to_pylist()
    lines = "".join(json.dumps({"userId": user}) + "\n" for user in users)
    s3.put_object(Bucket=BUCKET, Key="users.json", Body=lines.encode())
    return len(users)


def _import(api: Any, wait: Any, group: str) -> None:
    schema = {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": name, "type": "long" if name == "TIMESTAMP" else "string"} for name in _FIELDS
        ],
        "version": "1.0",
    }
    dataset = api.create_dataset(
        name="scale",
        schemaArn=api.create_schema(name="scale", schema=json.dumps(schema))["schemaArn"],
        datasetGroupArn=group,
        datasetType="Interactions",
    )["datasetArn"]
    wait("dataset", api.describe_dataset, "dataset", datasetArn=dataset)
    job = api.create_dataset_import_job(
        jobName="scale",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{BUCKET}/interactions.csv"},
        roleArn=ROLE,
    )["datasetImportJobArn"]
    wait("import", api.describe_dataset_import_job, "datasetImportJob", datasetImportJobArn=job)


def main() -> None:
    """Run and print what was found."""
    assert sys.argv[1] == "run", "the only step is run"
    print(json.dumps(run(Path(sys.argv[2]), sys.argv[3])))


if __name__ == "__main__":
    main()
