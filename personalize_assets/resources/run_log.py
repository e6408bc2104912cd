"""What Dagster's runs write to the console: its own lines of text, or lines of JSON.

Dagster hands each record of a run to a console logger: its events, what assets say, and the records
of the Python loggers that its instance manages, all with the ids of run and step. Which logger that
is can be chosen by the configuration of each run alone, and nobody writes that for a run that he
starts in the UI; so where JSON is asked for the default itself is replaced.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

# Where Dagster looks its default console up; it is made public nowhere.
from dagster._core.execution import context_creation_job, host_mode  # noqa: PLC2701

from personalize_assets.core.log_format import JsonFormatter, log_format, start_json_logging

_DEFAULT = "default_system_loggers"


def start_run_logging(environ: Mapping[str, str]) -> None:
    """Where JSON is asked for, have this process and the runs in it log lines of JSON.

    Raises:
        LogFormatError: The variable of the format has another value.
    """
    if log_format(environ) != "json":
        return
    start_json_logging(environ)
    for module in (context_creation_job, host_mode):
        if not hasattr(module, _DEFAULT):
            logging.getLogger(__name__).warning(
                "this version of Dagster has another console: its runs log text"
            )
            continue
        setattr(module, _DEFAULT, _json_loggers)


def _json_loggers(
    _instance: dg.DagsterInstance | None,
) -> Sequence[tuple[dg.LoggerDefinition, Mapping[str, Any]]]:
    # Dagster's events are of level DEBUG; what is said stays as the instance's level lets it.
    return [(json_console, {"name": "dagster", "log_level": "DEBUG"})]


@dg.logger(
    {
        "log_level": dg.Field(str, default_value="DEBUG", is_required=False),
        "name": dg.Field(str, default_value="dagster", is_required=False),
    },
    description="One line of JSON a record, on standard error.",
)
def json_console(context: dg.InitLoggerContext) -> logging.Logger:
    """The console of one run; takes the options of Dagster's own."""
    logger = logging.Logger(context.logger_config["name"], context.logger_config["log_level"])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    return logger
