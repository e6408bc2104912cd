"""From the parameter file of AWS's retired MLOps solution to a ``defs.yaml`` of this project.

"Maintaining Personalized Experiences with Machine Learning" kept dataset groups of Amazon
Personalize in shape from one JSON file each; AWS retired it in 2025. Pure: JSON in, attributes and
notes out; who judges whether attributes load is handed in.
"""

from personalize_assets.core.conversion.converting import Conversion, ConversionError, convert
from personalize_assets.core.conversion.cron import CronError, convert_cron
from personalize_assets.core.conversion.draft import Judge
from personalize_assets.core.conversion.notes import Note
from personalize_assets.core.conversion.writing import write_defs

__all__ = [
    "Conversion",
    "ConversionError",
    "CronError",
    "Judge",
    "Note",
    "convert",
    "convert_cron",
    "write_defs",
]
