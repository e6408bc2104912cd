"""The code location: the component tree of `defs/` and the resources of the chosen deployment.

Only merges. Loading it starts nothing and asks no service; resources connect when they are used.
"""

import os
from pathlib import Path

import dagster as dg

import personalize_assets.defs
from personalize_assets.aws.deployment import Deployment
from personalize_assets.resources import resources_of
from personalize_assets.resources.run_log import start_run_logging


def component_tree() -> dg.ComponentTree:
    """The declared dataset groups."""
    return dg.ComponentTree.from_module(
        defs_module=personalize_assets.defs, project_root=Path(__file__).parent.parent
    )


def declared_groups() -> dg.Definitions:
    """Assets, checks and jobs of the declared groups alone, without what only the UI needs."""
    tree = component_tree()
    root = Path(personalize_assets.defs.__path__[0])
    folders = sorted(file.parent.relative_to(root) for file in root.rglob("defs.yaml"))
    return dg.Definitions.merge(*(tree.build_defs(folder) for folder in folders))


@dg.definitions
def defs() -> dg.Definitions:
    """Everything that Dagster loads."""
    deployment = Deployment.from_environment(os.environ)
    start_run_logging(os.environ, local=deployment.is_local)
    return dg.Definitions.merge(
        component_tree().build_defs(),
        dg.Definitions(resources=resources_of(deployment)),
    )
