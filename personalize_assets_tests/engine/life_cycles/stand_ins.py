"""Heavy kinds of jobs whose work takes no time: what they prepare and record stays as it is.

Each writes files such as the real work leaves behind, with next to nothing in them.
"""

import json
import shutil
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
from personalize_assets_tests.engine.life_cycles.models import (
    imported,
    new_items,
    write_model,
)
from personalize_assets_tests.engine.life_cycles.recipes import CHOSEN_BY_AUTOML

_METRICS: Final = {"coverage": 0.5}


class _Import(ImportData):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        content = imported(order["schema"], order["dataset_type"], order["domain"])
        (workspace / "data.parquet").write_bytes(content)
        return {"records": 1, "rows": 1}


class _Export(ExportData):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        return {"records": 0}


class _DeleteData(DeleteData):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        (workspace / "users.json").write_text(json.dumps(["nobody"]))
        files: Json = {}
        for dataset_type, source in order["files"].items():
            shutil.copy(source, workspace / dataset_type)
            files[dataset_type] = {"deleted": 1, "rows": 1, "source": source}
        return {"files": files}


class _Train(Train):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        # Where AutoML chooses, aws-user-personalization is the best.
        recipe = order["recipes"][0] if order["automl_metric"] is None else CHOSEN_BY_AUTOML
        write_model(workspace / MODEL, recipe)
        return {
            "recipe": recipe,
            "metrics": _METRICS,
            "tuned": {},
            "seconds": 1.0,
            "upto_events": order["sources"]["upto_events"],
        }


class _TrainUpdate(TrainUpdate):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        shutil.copytree(order["artifact"], workspace / MODEL)
        (workspace / NEW_ITEMS).write_bytes(new_items())
        return {"metrics": order["metrics"], "upto_events": order["seen"], "seconds": 1.0}


class _RefreshModel(RefreshModel):
    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        if order["refit"]:
            write_model(workspace / MODEL, order["recipes"][0])
        else:
            (workspace / NEW_ITEMS).write_bytes(new_items())
        seen = order["sources"]["upto_events"]
        return {"refreshed_on": order["refreshed_on"], "upto_events": seen}


def _retrain(order: Json, workspace: Path) -> Json:
    write_model(workspace / MODEL, order["recipes"][0])
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
