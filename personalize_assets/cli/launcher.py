"""A run launcher for production: Dagster's default one, which also notices that a run has died.

Runs are processes of a code server. When that server is killed with all its runs, nobody is left to
say so: the default launcher knows no health of runs, and they would count as running for days. This
one asks the code server, so that Dagster's run monitoring fails such a run and its automatic retry
takes it up. `deploy/dagster.yaml` names it.
"""

import logging
from typing import Any

import dagster as dg

# Interfaces of launchers and code servers, which Dagster makes public nowhere.
from dagster._core.errors import DagsterUserCodeUnreachableError  # noqa: PLC2701
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus  # noqa: PLC2701
from dagster._grpc.types import CanCancelExecutionRequest  # noqa: PLC2701

log = logging.getLogger(__name__)

LOOKS = 2
"""So many looks in a row have to miss a run: a server that has just started is found by all others
only some seconds later, and a retry that does not find it is given up."""


class WatchfulRunLauncher(dg.DefaultRunLauncher):
    """Starts runs as processes of the code server, and asks it whether they live."""

    def __init__(self, inst_data: Any = None) -> None:
        super().__init__(inst_data=inst_data)
        self._missed: dict[str, int] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Tells Dagster's run monitoring to ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of ``run`` lives, as its code server knows.

        A server that does not answer says nothing: it may be about to start.
        """
        try:
            known = self._is_known(run)
        except DagsterUserCodeUnreachableError as error:
            log.info("the code server of run %s does not answer: %s", run.run_id, error)
            known = True
        if known:
            self._missed.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._missed[run.run_id] = self._missed.get(run.run_id, 0) + 1
        if self._missed[run.run_id] < LOOKS:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._missed[run.run_id]
        return CheckRunHealthResult(
            WorkerStatus.FAILED,
            "The process of this run was ended from outside, with its code server. What it had "
            "begun in Personalize goes on, and the next attempt takes it up.",
        )

    def _is_known(self, run: dg.DagsterRun) -> bool:
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:  # nothing was launched here, so nothing can be said of it
            return True
        answer: Any = dg.deserialize_value(
            client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=10)
        )
        return bool(answer.can_cancel)
