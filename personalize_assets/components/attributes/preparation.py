"""Which engine cleans raw data: this process, Spark, or AWS Glue; all with the same result."""

import re
from collections.abc import Sequence
from typing import Literal, Self

import dagster as dg
from pydantic import Field, field_validator, model_validator

from personalize_assets.components.attributes.texts import TextsByName

Engine = Literal["arrow", "spark", "glue"]
WorkerType = Literal["G.1X", "G.2X", "G.4X", "G.8X"]

_SECRETS = re.compile(r"secret|password|token|access\.?key", re.IGNORECASE)


class SparkSettings(dg.Model, dg.Resolvable):
    """How `spark-submit` is run, for `engine: spark`."""

    program: str = "spark-submit"
    """The program: a path, or a name that is looked up beside this Python and on the PATH."""

    master: str = "local[*]"
    """`local[*]`, or the address of a cluster, such as `spark://host:7077`, `yarn` or `k8s://...`."""

    python: str | None = None
    """Python of driver and workers; left out, that which `spark-submit` chooses."""

    memory: str = Field(default="2g", pattern=r"^[1-9]\d*[mg]$")
    """Memory of the driver, which with `local` does all the work."""

    conf: TextsByName = Field(default_factory=dict)
    """Further properties of Spark, such as `spark.executor.memory`."""

    @field_validator("conf")
    @classmethod
    def _check_conf(cls, conf: dict[str, str]) -> dict[str, str]:
        for name in conf:
            if not name.startswith("spark."):
                raise ValueError(f"preparation.spark.conf: {name} must begin with `spark.`")
            if _SECRETS.search(name):
                raise ValueError(
                    f"preparation.spark.conf: {name} looks like a secret, which no file may hold; "
                    "let the cluster's own role reach the bucket"
                )
        if conf.get("spark.submit.deployMode", "client") != "client":
            raise ValueError(
                "preparation.spark.conf: spark.submit.deployMode must be client, so that the "
                "driver ends with the run that started it"
            )
        return conf

    @property
    def is_here(self) -> bool:
        """Whether driver and workers are one process of this machine."""
        return re.fullmatch(r"local(\[.+\])?", self.master) is not None


class GlueSettings(dg.Model, dg.Resolvable):
    """What a run of the Glue job may have, for `engine: glue`; left out, what the job says."""

    worker_type: WorkerType | None = None
    """Size of a worker."""

    workers: int | None = Field(default=None, ge=2, le=1000)
    """The most workers."""

    timeout_minutes: int | None = Field(default=None, ge=1, le=10_080)
    """Minutes after which the run is stopped."""

    @model_validator(mode="after")
    def _type_and_number(self) -> Self:
        if (self.worker_type is None) != (self.workers is None):
            raise ValueError(
                "preparation.glue: worker_type and workers go together: Glue takes both or neither"
            )
        return self


class Preparation(dg.Model, dg.Resolvable):
    """Which engine cleans raw data."""

    engine: Engine = "arrow"
    """`arrow` cleans in this process, `spark` by `spark-submit`, `glue` by an AWS Glue job.

    In the local deployment, where there is no Glue, `glue` means `arrow`.
    """

    datasets: Sequence[Literal["interactions", "items", "users"]] | None = None
    """Datasets that this engine cleans, where `arrow` does the others; left out, all of them."""

    spark: SparkSettings = Field(default_factory=SparkSettings)
    """How `spark-submit` is run."""

    glue: GlueSettings = Field(default_factory=GlueSettings)
    """What a run of the Glue job may have."""

    @model_validator(mode="after")
    def _datasets_of_an_engine(self) -> Self:
        if self.engine == "arrow" and self.datasets is not None:
            raise ValueError(
                "preparation.datasets: engine arrow cleans all datasets; name some with spark or "
                "glue"
            )
        return self

    def engine_of(self, dataset: str) -> Engine:
        """The engine that cleans ``dataset``."""
        return self.engine if self.datasets is None or dataset in self.datasets else "arrow"
