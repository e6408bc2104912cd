"""The component: one dataset group of Amazon Personalize, declared in YAML, as one asset graph."""

import dagster as dg

from personalize_assets.aws.deployment import DEPLOYMENT, TOPIC_ARN
from personalize_assets.components.assets.attributed import build_attributed_assets
from personalize_assets.components.assets.compared import build_compared_assets
from personalize_assets.components.assets.deployed import build_campaign_assets
from personalize_assets.components.assets.exported import build_exported_assets
from personalize_assets.components.assets.forecast import build_forecast_assets
from personalize_assets.components.assets.imported import build_imported_assets
from personalize_assets.components.assets.inventory import build_inventory_assets
from personalize_assets.components.assets.listening import build_listening_assets
from personalize_assets.components.assets.prepared import build_prepared_assets
from personalize_assets.components.assets.promoted import build_promoted_assets
from personalize_assets.components.assets.ranked import build_ranked_assets
from personalize_assets.components.assets.raw import build_raw_assets
from personalize_assets.components.assets.recommended import build_recommended_assets
from personalize_assets.components.assets.recommenders import build_recommender_assets
from personalize_assets.components.assets.segmented import build_segmented_assets
from personalize_assets.components.assets.trained import build_trained_assets
from personalize_assets.components.attributes import DatasetGroupAttributes
from personalize_assets.components.checks import build_checks
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import build_jobs
from personalize_assets.components.notifications import build_notifications_sensor
from personalize_assets.components.operations import build_operations
from personalize_assets.components.retraining_sensor import build_retraining_sensors
from personalize_assets.components.schedules import build_schedules
from personalize_assets.components.sensors import build_sensors
from personalize_assets.components.user_deletion import build_user_deletion


class PersonalizeDatasetGroup(DatasetGroupAttributes, dg.Component):
    """A recommender from raw files to titled recommendations.

    Raw files in S3 are cleaned, imported, trained on with every declared recipe, evaluated, and
    asked for recommendations in batch, on Amazon Personalize or on the embedded engine.
    """

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """What the component is called in `dg docs`."""
        return dg.ComponentTypeSpec(
            description="A dataset group of Amazon Personalize from raw files to recommendations.",
            tags=["aws", "personalize", "recommender"],
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build assets, checks, jobs, sensors and schedule of this dataset group."""
        graph = Graph(self, running=dg.EnvVar(DEPLOYMENT.name).get_value("local") == "local")
        assets = [
            *build_raw_assets(graph),
            *build_prepared_assets(graph),
            *build_forecast_assets(graph),
            *build_inventory_assets(graph),
            *build_imported_assets(graph),
            *build_trained_assets(graph),
            *build_compared_assets(graph),
            *build_promoted_assets(graph),
            *build_campaign_assets(graph),
            *build_listening_assets(graph),
            *build_recommender_assets(graph),
            *build_attributed_assets(graph),
            *build_recommended_assets(graph),
            *build_segmented_assets(graph),
            *build_ranked_assets(graph),
            *build_exported_assets(graph),
        ]
        jobs = build_jobs(graph)
        declared = dg.Definitions(
            assets=assets,
            asset_checks=build_checks(graph),
            sensors=[*build_sensors(graph, jobs.jobs or ()), _notifications(graph)],
        )
        retraining = dg.Definitions(
            schedules=build_schedules(graph), sensors=build_retraining_sensors(graph)
        )
        return dg.Definitions.merge(
            declared, retraining, jobs, build_operations(graph), build_user_deletion(graph)
        )


def _notifications(graph: Graph) -> dg.SensorDefinition:
    # Whoever names a topic wants to hear; that costs nothing but the messages.
    has_topic = bool(dg.EnvVar(TOPIC_ARN.name).get_value(""))
    return build_notifications_sensor(graph, told=graph.running or has_topic)
