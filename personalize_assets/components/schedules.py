"""Schedules of retraining: in full, and taking new items in.

A slot is a time of the declared cron expression in the declared time zone. Each asks for one run,
which carries it as run key. Of slots that passed while nothing was running only the newest is made
up for: a run goes by what the data are when it runs, so an older slot would do the same work again,
and on unchanged data trains nothing at all. Where clocks go forward, a time that does not exist
that day becomes the next that does; where they go back, a time that comes twice counts once.
"""

from collections.abc import Sequence

import dagster as dg

from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import retraining_job_name, update_job_name

SLOT_TAG = "personalize/slot"


def build_schedules(graph: Graph) -> Sequence[dg.ScheduleDefinition]:
    """The schedules that are declared; none where none are."""
    retraining = graph.attributes.retraining
    if retraining is None:
        return []
    schedules: list[dg.ScheduleDefinition] = []
    if retraining.full is not None:
        schedules.append(
            _schedule(
                graph,
                f"{graph.id}_retraining",
                retraining_job_name(graph.id),
                retraining.full,
                "Trains in full on what the raw prefix then holds; unchanged data train nothing.",
            )
        )
    if retraining.update is not None:
        solutions = ", ".join(f"`{one.name}`" for one in graph.attributes.updated)
        schedules.append(
            _schedule(
                graph,
                f"{graph.id}_update",
                update_job_name(graph.id),
                retraining.update,
                f"Brings new items into {solutions} with `trainingMode` UPDATE; where the items "
                f"did not change, nothing is made.",
            )
        )
    return schedules


def _schedule(
    graph: Graph, name: str, job_name: str, cron: str, description: str
) -> dg.ScheduleDefinition:
    retraining = graph.attributes.retraining
    timezone = "UTC" if retraining is None else retraining.timezone

    @dg.schedule(
        name=name,
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone=timezone,
        default_status=graph.schedule_status,
        description=description,
    )
    def slot_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        slot = context.scheduled_execution_time.isoformat()
        return dg.RunRequest(run_key=slot, tags={SLOT_TAG: slot})

    return slot_schedule
