"""Amazon Personalize for the tests of other projects: an engine and an S3 of their own.

`local_personalize` is the context manager; the pytest plugin in ``plugin`` makes fixtures of it.
Nothing here needs pytest or Dagster but the plugin module.
"""

from personalize_assets.testing.control import ControlRefused
from personalize_assets.testing.local import LocalPersonalize, StartFailed, local_personalize

__all__ = ["ControlRefused", "LocalPersonalize", "StartFailed", "local_personalize"]
