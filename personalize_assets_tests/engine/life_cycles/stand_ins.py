"""Heavy kinds of jobs whose work takes no time: what they prepare and record stays as it is.

Each writes files such as the real work leaves behind, with next to nothing in them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from personalize_assets.engine.jobs.attribution import ReportEvents
from personalize_assets.engine.jobs.batch_inference import BatchInference
from personalize_assets.engine.jobs.batch_segment import BatchSegment
from personalize_assets.engine.jobs.delete_data import DeleteData
from personalize_assets.engine.jobs.export_data import ExportData
from personalize_assets.engine.jobs.import_data import ImportData
from personalize_assets.engine.jobs.kinds import Json, Kind, Report
from personalize_assets.engine.jobs.new_items import NEW_ITEMS
from personalize_assets.engine.jobs.recommender_jobs import (
    RetrainModel,
    TrainRecommender,
    UpdateModel,
)
from personalize_assets.engine.jobs.refresh import RefreshModel, TrainUpdate
from personalize_assets.engine.jobs.registry import KINDS
from personalize_assets.engine.jobs.train import Train
from personalize_assets.engine.jobs.training import MODEL

_METRICS: Final = {"coverage": 0.5}


class _Import(ImportData):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        (workspace / "data.parquet").write_bytes(b"")
        return {"records": 1, "rows": 1}


class _Export(ExportData):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return {"records": 0}


class _DeleteData(DeleteData):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        (workspace / "users.json").write_text(json.dumps(["nobody"]))
        files: Json = {}
        for dataset_type, source in order["files"].items():
            (workspace / dataset_type).write_bytes(b"")
            files[dataset_type] = {"deleted": 1, "rows": 1, "source": source}
        return {"files": files}


def _model(workspace: Path) -> None:
    (workspace / MODEL).mkdir()


class _Train(Train):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        _model(workspace)
        return {
            # Where AutoML chooses, this recipe is the best.
            "recipe": "aws-user-personalization",
            "metrics": _METRICS,
            "tuned": {},
            "seconds": 1.0,
            "upto_events": order["sources"]["upto_events"],
        }


class _TrainUpdate(TrainUpdate):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        _model(workspace)
        (workspace / NEW_ITEMS).write_bytes(b"")
        return {"metrics": order["metrics"], "upto_events": order["seen"], "seconds": 1.0}


class _RefreshModel(RefreshModel):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        if order["refit"]:
            _model(workspace)
        else:
            (workspace / NEW_ITEMS).write_bytes(b"")
        seen = order["sources"]["upto_events"]
        return {"refreshed_on": order["refreshed_on"], "upto_events": seen}


def _retrain(order: Json, workspace: Path) -> Json:
    _model(workspace)
    return {
        "metrics": _METRICS,
        "refreshed_on": order["refreshed_on"],
        "upto_events": order["sources"]["upto_events"],
    }


class _RetrainModel(RetrainModel):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return _retrain(order, workspace)


class _TrainRecommender(TrainRecommender):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return _retrain(order, workspace)


class _UpdateModel(UpdateModel):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return _retrain(order, workspace)


class _BatchInference(BatchInference):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return {"answered": 1, "failed": 0}


class _BatchSegment(BatchSegment):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return {"answered": 1, "failed": 0}


class _ReportEvents(ReportEvents):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return {"again_at": order["again_at"], "upto": order["upto"], "failed": None}


STAND_INS: Final[Mapping[str, Kind]] = {
    **KINDS,
    **{
        kind.name: kind
        for kind in (
            _Import(),
            _Export(),
            _DeleteData(),
            _Train(),
            _TrainUpdate(),
            _RefreshModel(),
            _RetrainModel(),
            _TrainRecommender(),
            _UpdateModel(),
            _BatchInference(),
            _BatchSegment(),
            _ReportEvents(),
        )
    },
}
"""All kinds of jobs, the heavy ones replaced."""
