"""The prepared world: a state in which every operation has something to work on.

Dataset groups: ``movies`` (custom; all datasets with data, eight solutions, four campaigns, jobs of
all kinds), ``videos`` (a domain; two recommenders, one of them stopped), ``spare`` (empty datasets
alone) and ``empty``. A fifth one is left to be made. All resources are there a second and a third
time under another account and another region, and one resource of each kind was there and is gone.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets_tests.engine.requests.data import (
    FIELDS,
    MORE_ITEM_FIELDS,
    VIDEO_FIELDS,
    avro,
    csv_files,
)
from personalize_assets_tests.engine.requests.naming import member_of, noun
from personalize_assets_tests.engine.requests.opening import Request, Site

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
OTHER_ACCOUNT: Final = "210987654321"
OTHER_REGION: Final = "eu-west-1"
BUCKET: Final = "prepared"
ROLE: Final = "arn:aws:iam::123456789012:role/Personalize"
SOLUTIONS: Final = {
    "up": "aws-user-personalization",
    "v2": "aws-user-personalization-v2",
    "ranking": "aws-personalized-ranking-v2",
    "nba": "aws-next-best-action",
    "similar": "aws-similar-items",
    "semantic": "aws-semantic-similarity",
    "affinity": "aws-item-affinity",
    "popular": "aws-popularity-count",
}
CAMPAIGNS: Final = ("v2", "semantic", "ranking", "nba")
FILTERS: Final = {
    "genre": "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)",
    "new": "INCLUDE ItemID WHERE Items.YEAR >= $YEAR",
    "cheap": "EXCLUDE ActionID WHERE Actions.PRICE > $PRICE",
    "gold": 'INCLUDE UserID WHERE Users.MEMBERSHIP IN ("gold")',
    "war": 'EXCLUDE ItemID WHERE Items.GENRES IN ("War")',
}


def arn(kind: Kind, *parts: str) -> str:
    """The ARN of a name in the world."""
    return make_arn(kind, REGION, ACCOUNT, *parts)


def recipe(name: str) -> str:
    """The ARN of a recipe."""
    return arn(Kind.RECIPE, name)


MOVIES, VIDEOS, SPARE, EMPTY = (
    arn(Kind.DATASET_GROUP, name) for name in ("movies", "videos", "spare", "empty")
)
ITEMS, INTERACTIONS = (arn(Kind.DATASET, "movies", kind) for kind in ("ITEMS", "INTERACTIONS"))


def s3(key: str) -> str:
    """An address in the world's bucket."""
    return f"s3://{BUCKET}/{key}"


def long_key(name: str) -> str:
    """A key that ends in ``name`` and makes an address of 256 characters."""
    room = 256 - len(s3("")) - len(name)
    folders = "/".join(["f" * 50] * 4)
    return folders + "/" + "g" * (room - len(folders) - 2) + "/" + name


def places(name: str, queries: str) -> Request:
    """Input, output and role of a batch job."""
    return {
        "jobInput": {"s3DataSource": {"path": s3(queries)}},
        "jobOutput": {"s3DataDestination": {"path": s3(f"{name}/")}},
        "roleArn": ROLE,
    }


@dataclass
class Known:
    """What the world's names do not tell; kept as JSON.

    Attributes:
        versions: ARN of a solution's trained version, by name of the solution; ``pending`` is one
            that is not trained yet.
        trackers: ARNs of event trackers by name.
        tracking: Tracking ids, by name of the tracker; that of actions under ``actions``.
        gone: ARNs of deleted resources by kind.
        tokens: A ``nextToken`` by list operation; it goes on with `list_requests`.
    """

    versions: dict[str, str] = field(default_factory=dict)
    trackers: dict[str, str] = field(default_factory=dict)
    tracking: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Keep it."""
        path.write_text(json.dumps(self.__dict__))

    @classmethod
    def read(cls, path: Path) -> "Known":
        """What was kept."""
        return cls(**json.loads(path.read_text()))

    @classmethod
    def blank(cls) -> "Known":
        """For the form of the table, where no engine is at hand."""
        return cls(*(defaultdict(str) for _ in range(5)))

    def example(self, kind: Kind) -> str:
        """The ARN of an ACTIVE resource of a kind."""
        named = {
            Kind.SOLUTION_VERSION: self.versions["v2"],
            Kind.EVENT_TRACKER: self.trackers["movies"],
        }
        return named[kind] if kind in named else EXAMPLES[kind]


EXAMPLES: Final = {
    Kind.DATASET_GROUP: MOVIES,
    Kind.SCHEMA: arn(Kind.SCHEMA, "Items"),
    Kind.DATASET: ITEMS,
    Kind.DATASET_IMPORT_JOB: arn(Kind.DATASET_IMPORT_JOB, "Items"),
    Kind.DATASET_EXPORT_JOB: arn(Kind.DATASET_EXPORT_JOB, "one"),
    Kind.DATA_DELETION_JOB: arn(Kind.DATA_DELETION_JOB, "one"),
    Kind.SOLUTION: arn(Kind.SOLUTION, "v2"),
    Kind.CAMPAIGN: arn(Kind.CAMPAIGN, "v2"),
    Kind.FILTER: arn(Kind.FILTER, "war"),
    Kind.RECOMMENDER: arn(Kind.RECOMMENDER, "top"),
    Kind.BATCH_INFERENCE_JOB: arn(Kind.BATCH_INFERENCE_JOB, "one"),
    Kind.BATCH_SEGMENT_JOB: arn(Kind.BATCH_SEGMENT_JOB, "one"),
    Kind.METRIC_ATTRIBUTION: arn(Kind.METRIC_ATTRIBUTION, "movies"),
    Kind.RECIPE: recipe("aws-sims"),
    Kind.ALGORITHM: arn(Kind.ALGORITHM, "aws-sims"),
    Kind.FEATURE_TRANSFORMATION: arn(Kind.FEATURE_TRANSFORMATION, "sims"),
}


def list_requests(known: Known) -> dict[str, Request]:
    """Of each list operation, a request that finds at least two; with a parent where that can be.

    A group has one event tracker and one metric attribution; no solution here has two campaigns.
    """
    movies = {"datasetGroupArn": MOVIES}
    return {
        "ListBatchInferenceJobs": {"solutionVersionArn": known.versions["v2"]},
        "ListBatchSegmentJobs": {"solutionVersionArn": known.versions["affinity"]},
        "ListCampaigns": {},
        "ListDataDeletionJobs": movies,
        "ListDatasetExportJobs": {"datasetArn": INTERACTIONS},
        "ListDatasetGroups": {},
        "ListDatasetImportJobs": {"datasetArn": ITEMS},
        "ListDatasets": movies,
        "ListEventTrackers": {},
        "ListFilters": movies,
        "ListMetricAttributionMetrics": {"metricAttributionArn": EXAMPLES[Kind.METRIC_ATTRIBUTION]},
        "ListMetricAttributions": {},
        "ListRecipes": {"domain": "ECOMMERCE", "recipeProvider": "SERVICE"},
        "ListRecommenders": {"datasetGroupArn": VIDEOS},
        "ListSchemas": {},
        "ListSolutionVersions": {"solutionArn": arn(Kind.SOLUTION, "popular")},
        "ListSolutions": movies,
    }


class Builder:
    """Makes the world in an empty engine whose S3 holds `objects`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.known = Known()

    def build(self) -> Known:
        """Make everything."""
        self._gone()
        self._groups()
        self._datasets()
        self._solutions()
        self._serving()
        self._jobs()
        self._check()
        pending = self.site.call(
            "CreateSolutionVersion", {"solutionArn": arn(Kind.SOLUTION, "popular")}
        )
        self.known.versions["pending"] = pending["solutionVersionArn"]
        for operation, request in list_requests(self.known).items():
            self.known.tokens[operation] = self.site.call(operation, {**request, "maxResults": 1})[
                "nextToken"
            ]
        for account, region in ((OTHER_ACCOUNT, REGION), (ACCOUNT, OTHER_REGION)):
            self._copy_for(account, region)
        self.site.store.database.query("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.known

    def make(self, operation: str, **request: Any) -> str:
        """Call an operation that makes something, do its jobs and give the ARN."""
        answer = self.site.call(operation, request, validate=True)
        self.site.run()
        return next(value for name, value in answer.items() if name.endswith("Arn"))

    def _groups(self) -> None:
        for name in ("movies", "spare", "empty"):
            self.make("CreateDatasetGroup", name=name)
        self.make("CreateDatasetGroup", name="videos", domain="VIDEO_ON_DEMAND")
        for name, fields in FIELDS.items():
            self.make("CreateSchema", name=name, schema=avro(name, fields))
        for name, fields in VIDEO_FIELDS.items():
            self.make(
                "CreateSchema",
                name=f"Video-{name}",
                schema=avro(name, fields),
                domain="VIDEO_ON_DEMAND",
            )
        for name in ("more-items", "unused"):
            self.make("CreateSchema", name=name, schema=avro("Items", MORE_ITEM_FIELDS))

    def _datasets(self) -> None:
        for name in FIELDS:
            dataset = self._dataset(MOVIES, name, name)
            self._import(dataset, name, name)
        self._import(ITEMS, "Items-again", "Items")
        actions = arn(Kind.DATASET, "movies", "ACTION_INTERACTIONS")
        shown = self.site.call("DescribeDataset", {"datasetArn": actions})["dataset"]
        self.known.tracking["actions"] = shown["trackingId"]
        self._import(
            self._dataset(VIDEOS, "Interactions", "Video-Interactions"), "v", "Interactions"
        )
        self._import(self._dataset(VIDEOS, "Items", "Video-Items"), "w", "Items")
        for name in ("Interactions", "Items"):
            self._dataset(SPARE, name, name)

    def _dataset(self, group: str, name: str, schema: str) -> str:
        return self.make(
            "CreateDataset",
            name=name,
            datasetGroupArn=group,
            datasetType=name,
            schemaArn=arn(Kind.SCHEMA, schema),
        )

    def _import(self, dataset: str, name: str, data: str) -> None:
        self.make(
            "CreateDatasetImportJob",
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": s3(f"{data}.csv")},
            roleArn=ROLE,
        )

    def _solutions(self) -> None:
        for name, used in SOLUTIONS.items():
            solution = self._solution(MOVIES, name, used)
            self.known.versions[name] = self.make("CreateSolutionVersion", solutionArn=solution)
        self._check()
        for name in CAMPAIGNS:
            version = self.known.versions[name]
            self.make("CreateCampaign", name=name, solutionVersionArn=version)

    def _solution(self, group: str, name: str, used: str) -> str:
        return self.make(
            "CreateSolution",
            name=name,
            datasetGroupArn=group,
            recipeArn=recipe(used),
            performAutoTraining=False,
        )

    def _serving(self) -> None:
        for name, expression in FILTERS.items():
            self.make(
                "CreateFilter", name=name, datasetGroupArn=MOVIES, filterExpression=expression
            )
        expression = FILTERS["genre"]
        self.make("CreateFilter", name="video", datasetGroupArn=VIDEOS, filterExpression=expression)
        for group in ("movies", "videos"):
            arn_of_group = arn(Kind.DATASET_GROUP, group)
            made = self.site.call(
                "CreateEventTracker", {"name": group, "datasetGroupArn": arn_of_group}
            )
            self.known.trackers[group] = made["eventTrackerArn"]
            self.known.tracking[group] = made["trackingId"]
            self._attribution(group, arn_of_group)
        used = {"top": "aws-vod-top-picks", "stopped": "aws-vod-most-popular"}
        for name, each in used.items():
            self.make(
                "CreateRecommender", name=name, datasetGroupArn=VIDEOS, recipeArn=recipe(each)
            )
        self.make("StopRecommender", recommenderArn=arn(Kind.RECOMMENDER, "stopped"))

    def _attribution(self, name: str, group: str) -> None:
        metrics = [
            {"eventType": kind, "metricName": f"{name}-{kind}", "expression": "SAMPLECOUNT()"}
            for kind in ("watch", "click")
        ]
        output = {"roleArn": ROLE, "s3DataDestination": {"path": s3("reports/")}}
        self.make(
            "CreateMetricAttribution",
            name=name,
            datasetGroupArn=group,
            metrics=metrics,
            metricsOutputConfig=output,
        )

    def _jobs(self) -> None:
        for name in ("one", "two"):
            self._start_jobs(name, INTERACTIONS, MOVIES, self.known.versions)
            self.site.run()

    def _start_jobs(self, name: str, dataset: str, group: str, versions: dict[str, str]) -> None:
        """One job of each kind that comes with nothing else."""
        export = {"s3DataDestination": {"path": s3(f"export-{name}/")}}
        of_dataset = {"jobName": name, "datasetArn": dataset, "roleArn": ROLE}
        self.site.call("CreateDatasetExportJob", {**of_dataset, "jobOutput": export})
        leaving = {"dataLocation": s3("leaving.csv")}
        of_group = {"jobName": name, "datasetGroupArn": group, "roleArn": ROLE}
        self.site.call("CreateDataDeletionJob", {**of_group, "dataSource": leaving})
        for operation, solution, queries in (
            ("CreateBatchInferenceJob", "v2", "users.json"),
            ("CreateBatchSegmentJob", "affinity", "items.json"),
        ):
            of_version = {"jobName": name, "solutionVersionArn": versions[solution]}
            self.site.call(operation, {**of_version, **places(f"{operation}-{name}", queries)})

    def _check(self) -> None:
        """Nothing failed."""
        rows = self.site.store.database.query(
            "SELECT name, status, failure_reason FROM resources WHERE status NOT IN"
            " ('ACTIVE', 'COMPLETED', 'INACTIVE')"
        )
        assert not rows, [tuple(row) for row in rows]

    def _gone(self) -> None:
        """Make one resource of each kind and delete them; nothing of them is trained."""
        group = self.make("CreateDatasetGroup", name="gone")
        video = self.make("CreateDatasetGroup", name="gone-video", domain="VIDEO_ON_DEMAND")
        schemas = {
            name: self.make("CreateSchema", name=f"gone-{name}", schema=avro(name, FIELDS[name]))
            for name in ("Interactions", "Items")
        }
        datasets = {name: self._dataset(group, name, f"gone-{name}") for name in schemas}
        self._import(datasets["Items"], "gone", "Items")
        versions: dict[str, str] = {}
        for name, used in (("gone-a", "v2"), ("gone-b", "affinity")):
            solution = self._solution(group, name, SOLUTIONS[used])
            versions[used] = self.make("CreateSolutionVersion", solutionArn=solution)
            self.site.set_status(versions[used], "ACTIVE")
        self._start_jobs("gone", datasets["Interactions"], group, versions)
        for kind in (Kind.BATCH_INFERENCE_JOB, Kind.BATCH_SEGMENT_JOB):
            self.site.set_status(arn(kind, "gone"), "CREATE FAILED")
        self.make("CreateCampaign", name="gone", solutionVersionArn=versions["v2"])
        tracker = self.make("CreateEventTracker", name="gone", datasetGroupArn=group)
        self._attribution("gone", group)
        self.make(
            "CreateFilter", name="gone", datasetGroupArn=group, filterExpression=FILTERS["war"]
        )
        popular = recipe("aws-vod-most-popular")
        self.make("CreateRecommender", name="gone", datasetGroupArn=video, recipeArn=popular)
        self.known.gone = {
            kind.value: arn(kind, "gone")
            for kind in Kind
            if kind.n_parts == 1 and kind not in (Kind.SCHEMA, Kind.SOLUTION, Kind.EVENT_TRACKER)
        } | {
            Kind.SCHEMA: schemas["Items"],
            Kind.DATASET: datasets["Items"],
            Kind.SOLUTION: arn(Kind.SOLUTION, "gone-a"),
            Kind.SOLUTION_VERSION: versions["v2"],
            Kind.EVENT_TRACKER: tracker,
        }
        for kind in (Kind.RECOMMENDER, Kind.CAMPAIGN, Kind.FILTER, Kind.METRIC_ATTRIBUTION):
            self._delete(kind, [arn(kind, "gone")])
        self._delete(Kind.EVENT_TRACKER, [tracker])
        self._delete(Kind.SOLUTION, [arn(Kind.SOLUTION, name) for name in ("gone-a", "gone-b")])
        self._delete(Kind.DATASET, datasets.values())
        self._delete(Kind.DATASET_GROUP, [group, video])
        self._delete(Kind.SCHEMA, schemas.values())
        rows = self.site.store.database.query("SELECT arn FROM resources")
        assert not rows, [row[0] for row in rows]

    def _delete(self, kind: Kind, arns: Iterable[str]) -> None:
        for each in arns:
            self.site.call(f"Delete{noun(kind)}", {member_of(kind): each})
        self.site.pass_time(seconds=6)

    def _copy_for(self, account: str, region: str) -> None:
        """The same resources again, under another account or region."""
        here, there = f":{REGION}:{ACCOUNT}:", f":{region}:{account}:"
        names = ("arn", "parent_arn", "group_arn", "body")
        kept = ("kind", "name", "status", "created_at", "updated_at", "hidden")
        replaced = ", ".join(f"replace({name}, ?1, ?2)" for name in names)
        with self.site.store.transaction():
            self.site.store.database.write(
                f"INSERT INTO resources (account, region, {', '.join(names + kept)})"
                f" SELECT ?3, ?4, {replaced}, {', '.join(kept)} FROM resources"
                " WHERE account = ?5 AND region = ?6 ORDER BY sequence",
                here,
                there,
                account,
                region,
                ACCOUNT,
                REGION,
            )


def objects() -> dict[str, str]:
    """What the world's bucket holds, by key."""
    files = {f"{name}.csv": text for name, text in csv_files().items()}
    return files | {
        "leaving.csv": "USER_ID\nnobody\n",
        "users.json": '{"userId": "u1"}\n',
        "items.json": '{"itemId": "i1"}\n',
        long_key("leaving.csv"): "USER_ID\nu39\n",
        long_key("users.json"): '{"userId": "u1"}\n',
        long_key("items.json"): '{"itemId": "i1"}\n',
        long_key("Interactions.csv"): files["Interactions.csv"],
    }
