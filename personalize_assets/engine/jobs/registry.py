"""All kinds of jobs by name: a new kind is one file and one line here."""

from typing import Final

from personalize_assets.engine.jobs.attribution import ActivateAttribution, ReportEvents
from personalize_assets.engine.jobs.auto_train import ActivateSolution, AutoTrain
from personalize_assets.engine.jobs.batch_inference import BatchInference
from personalize_assets.engine.jobs.batch_segment import BatchSegment
from personalize_assets.engine.jobs.delete_data import DeleteData
from personalize_assets.engine.jobs.deploy import Deploy, Redeploy
from personalize_assets.engine.jobs.export_data import ExportData
from personalize_assets.engine.jobs.import_data import ImportData
from personalize_assets.engine.jobs.kinds import Kind
from personalize_assets.engine.jobs.light import Activate, Delete, DeleteGroup, Stop
from personalize_assets.engine.jobs.recommender_jobs import (
    RecommenderReady,
    RetrainModel,
    StartRecommender,
    StopRecommender,
    TrainRecommender,
    UpdateModel,
    UpdateRecommender,
)
from personalize_assets.engine.jobs.refresh import Refresh, RefreshModel, TrainUpdate
from personalize_assets.engine.jobs.retrain import Retrain
from personalize_assets.engine.jobs.train import Train
from personalize_assets.engine.jobs.update_schema import UpdateSchema
from personalize_assets.engine.jobs.update_solution import UpdateSolution
from personalize_assets.engine.jobs.version_ready import VersionReady

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Activate(),
        Stop(),
        Delete(),
        DeleteGroup(),
        UpdateSchema(),
        ImportData(),
        ExportData(),
        DeleteData(),
        ActivateAttribution(),
        ReportEvents(),
        ActivateSolution(),
        UpdateSolution(),
        AutoTrain(),
        Train(),
        TrainUpdate(),
        VersionReady(),
        Refresh(),
        RefreshModel(),
        TrainRecommender(),
        RecommenderReady(),
        Retrain(),
        RetrainModel(),
        UpdateModel(),
        UpdateRecommender(),
        StopRecommender(),
        StartRecommender(),
        BatchInference(),
        BatchSegment(),
        Deploy(),
        Redeploy(),
    )
}
