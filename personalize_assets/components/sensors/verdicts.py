"""What a judge may say of an object that landed: which job it is for, or why it gets no run."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from personalize_assets.aws.objects import Bucket, ObjectInfo

_MOST_LISTED = 3


@dataclass(frozen=True)
class Route:
    """The job that takes an object.

    Attributes:
        job_name: Name of the job.
        asset: The asset of that job whose configuration takes the object's key.
        parameter: What the configuration calls the key.
        words: Parts of file names that ask for this job where the content would fit another, too.
        remark: What people may wonder about, for the log of the sensor.
    """

    job_name: str
    asset: str
    parameter: str
    words: tuple[str, ...] = ()
    remark: str = ""

    def run_config(self, graph_id: str, key: str) -> Mapping[str, Any]:
        """Run configuration that hands ``key`` to the asset."""
        return {"ops": {f"{graph_id}_{self.asset}": {"config": {self.parameter: key}}}}


@dataclass(frozen=True)
class Refusal:
    """Why an object gets no run; one `for_now` is looked at again."""

    reason: str
    for_now: bool = False


Verdict = Route | Refusal
Judge = Callable[[dg.DagsterInstance, Bucket, ObjectInfo], Verdict]
"""Says which job an object is for, or why none takes it."""


def shown(text: str) -> str:
    """A key as people can read it: as it is, or as JSON where characters would not show."""
    return text if text.isprintable() else json.dumps(text)


def listed(texts: Iterable[str]) -> str:
    """The first few of some texts, and how many more there are."""
    found = list(texts)
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return ", ".join(shown(text) for text in found[:_MOST_LISTED]) + more
