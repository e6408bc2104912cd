"""Jobs with the names and configurations of a dataset group's, and nothing to do.

Dagster plans every run that a sensor asks for; planning the real jobs would take most of the time
of tests that run none of them.
"""

from typing import Any

import dagster as dg

from personalize_assets.components import jobs as names

_TAKES_KEY = {
    names.batch_job_name: ("batch_input", "input_key"),
    names.segments_job_name: ("segment_input", "input_key"),
    names.ranking_job_name: ("ranking_input", "input_key"),
    names.transform_job_name: ("recommendations", "output_key"),
    names.segments_transform_job_name: ("user_segments", "output_key"),
    names.ranking_transform_job_name: ("rankings", "output_key"),
}
_TAKES_NOTHING = (names.main_job_name, names.ingestion_job_name)


def light_jobs(group_id: str) -> list[dg.JobDefinition]:
    """One job for every job that a sensor may ask for."""
    taking = [
        _job(name_of(group_id), f"{group_id}_{asset}", {parameter: str})
        for name_of, (asset, parameter) in _TAKES_KEY.items()
    ]
    return [*taking, *(_job(name(group_id), f"{name(group_id)}_op", {}) for name in _TAKES_NOTHING)]


def _job(name: str, operation: str, config: dict[str, Any]) -> dg.JobDefinition:
    @dg.op(name=operation, config_schema=config)
    def take() -> None:
        """Take the place of the asset."""

    @dg.job(name=name)
    def light() -> None:
        take()

    return light
