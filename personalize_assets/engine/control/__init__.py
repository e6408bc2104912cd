"""The paths ``/_personalize/...``: how a person or a test looks at one engine and changes it."""

from personalize_assets.engine.control.app import CONTROL_PREFIX, ControlApp

__all__ = ["CONTROL_PREFIX", "ControlApp"]
