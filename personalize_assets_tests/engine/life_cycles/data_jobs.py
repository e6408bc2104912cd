"""Rules for import jobs, export jobs and data deletion jobs."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    INVALID,
    JOB_NAMES,
    PICKS,
    ROLE,
    TAGS,
    Base,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.world import BEING_CREATED, Thing

_MODES: Final = st.sampled_from(("FULL", None, None, "INCREMENTAL", "INCREMENTAL", "REPLACE"))


class DataJobs(Base):
    """What brings data, takes them out and removes them."""

    @precondition(lambda self: self.world.counts[Kind.DATASET])
    @rule(
        number=JOB_NAMES,
        pick=PICKS,
        mode=_MODES,
        publish=st.sampled_from((False, False, False, True)),
        tags=TAGS,
    )
    def create_dataset_import_job(
        self,
        number: int,
        pick: int,
        mode: str | None,
        publish: bool,
        tags: tuple[tuple[str, str], ...],
    ) -> None:
        """The first one must be FULL; five at a time."""
        wrong: Wrong = set()
        name = f"i{number}"
        arn = self.check_name(wrong, Kind.DATASET_IMPORT_JOB, name)
        self.check_limit(wrong, 5, Kind.DATASET_IMPORT_JOB, statuses=BEING_CREATED)
        dataset_arn = self.choose(Kind.DATASET, pick)
        dataset = self.need_active(wrong, Kind.DATASET, dataset_arn)
        if mode == "REPLACE":
            wrong.add(INVALID)
        if dataset is not None:
            if dataset.shown["datasetType"] == "EVENT_INTERACTIONS":
                wrong.add(INVALID)
            if mode == "INCREMENTAL" and not dataset.facts["bulk"]:
                wrong.add(INVALID)
            if publish and not self._can_publish(dataset):
                wrong.add(INVALID)
        request: Request = {
            "jobName": name,
            "datasetArn": dataset_arn,
            "dataSource": {"dataLocation": "s3://bucket/data.csv"},
            "roleArn": ROLE,
            **({} if mode is None else {"importMode": mode}),
            **({"publishAttributionMetricsToS3": True} if publish else {}),
            **self.check_tags(wrong, tags),
        }
        if self.call("CreateDatasetImportJob", request, wrong) is not None:
            assert dataset is not None
            shown = {"datasetArn": dataset_arn, "importMode": mode or "FULL", "roleArn": ROLE}
            self.made(
                Kind.DATASET_IMPORT_JOB,
                arn,
                name,
                parent=dataset_arn,
                group=dataset.group,
                work="import",
                exclusive=f"data {dataset.group}",
                tags=tags,
                shown=shown,
            )

    def _can_publish(self, dataset: Thing) -> bool:
        found = self.world.find(Kind.METRIC_ATTRIBUTION, group=dataset.group, statuses={"ACTIVE"})
        to_s3 = bool(found) and found[0].facts["to_s3"]
        return to_s3 and dataset.shown["datasetType"] == "INTERACTIONS"

    @precondition(lambda self: self.world.counts[Kind.DATASET])
    @rule(
        number=JOB_NAMES,
        pick=PICKS,
        mode=st.sampled_from((None, "BULK", "ALL", None, "SOME")),
        path=st.sampled_from(
            ("s3://bucket/out/", "s3://bucket/out", "s3://b/o/", "ftp://bucket/out/")
        ),
    )
    def create_dataset_export_job(
        self, number: int, pick: int, mode: str | None, path: str
    ) -> None:
        """Only of interactions, items and users; five at a time."""
        wrong: Wrong = set()
        name = f"x{number}"
        arn = self.check_name(wrong, Kind.DATASET_EXPORT_JOB, name)
        self.check_limit(wrong, 5, Kind.DATASET_EXPORT_JOB, statuses=BEING_CREATED)
        dataset_arn = self.choose(Kind.DATASET, pick)
        dataset = self.need_active(wrong, Kind.DATASET, dataset_arn)
        if mode == "SOME" or not path.startswith("s3"):
            wrong.add(INVALID)
        exportable = ("INTERACTIONS", "ITEMS", "USERS")
        if dataset is not None and dataset.shown["datasetType"] not in exportable:
            wrong.add(INVALID)
        request: Request = {
            "jobName": name,
            "datasetArn": dataset_arn,
            "jobOutput": {"s3DataDestination": {"path": path}},
            "roleArn": ROLE,
            **({} if mode is None else {"ingestionMode": mode}),
        }
        if self.call("CreateDatasetExportJob", request, wrong) is not None:
            assert dataset is not None
            self.made(
                Kind.DATASET_EXPORT_JOB,
                arn,
                name,
                parent=dataset_arn,
                group=dataset.group,
                work="export",
                shown={"datasetArn": dataset_arn, "ingestionMode": mode or "PUT"},
            )

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(
        number=JOB_NAMES,
        pick=PICKS,
        path=st.sampled_from(
            ("s3://bucket/users.csv", "s3://bucket/users/", "s3://b/u.csv", "s3://bucket/u.txt")
        ),
        tags=TAGS,
    )
    def create_data_deletion_job(
        self, number: int, pick: int, path: str, tags: tuple[tuple[str, str], ...]
    ) -> None:
        """Five may be pending in a group."""
        wrong: Wrong = set()
        name = f"d{number}"
        arn = self.check_name(wrong, Kind.DATA_DELETION_JOB, name)
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        group = self.need_active(wrong, Kind.DATASET_GROUP, group_arn)
        self.check_limit(wrong, 5, Kind.DATA_DELETION_JOB, group=group_arn, statuses={"PENDING"})
        if path.endswith(".txt"):
            wrong.add(INVALID)
        request: Request = {
            "jobName": name,
            "datasetGroupArn": group_arn,
            "dataSource": {"dataLocation": path},
            "roleArn": ROLE,
            **self.check_tags(wrong, tags),
        }
        if self.call("CreateDataDeletionJob", request, wrong) is not None:
            assert group is not None
            self.made(
                Kind.DATA_DELETION_JOB,
                arn,
                name,
                parent=group_arn,
                group=group_arn,
                work="delete-data",
                status="PENDING",
                exclusive=f"data {group_arn}",
                tags=tags,
                shown={"datasetGroupArn": group_arn, "dataSource": {"dataLocation": path}},
            )
