"""What Dagster's runs write to the console, as text or as JSON, and what becomes a trace of it.

Dagster hands each record of a run to a console logger: its events, what assets say, and the records
of the Python loggers that its instance manages, all with the ids of run and step. Which logger that
is can be chosen by the configuration of each run alone, and nobody writes that for a run that he
starts in the UI; so where JSON is asked for the default itself is replaced.
"""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

# Where Dagster looks its default console up; it is made public nowhere.
from dagster._core.execution import context_creation_job, host_mode  # noqa: PLC2701
from dagster._loggers import default_system_loggers  # noqa: PLC2701

from personalize_assets.core.log_format import JsonFormatter, log_format, start_json_logging
from personalize_assets.resources.tracing import SpanHandler, StepSpans, start_tracing

_DEFAULT = "default_system_loggers"
_Chosen = Sequence[tuple[dg.LoggerDefinition, Mapping[str, Any]]]
_Loggers = Callable[[dg.DagsterInstance | None], _Chosen]


def start_run_logging(environ: Mapping[str, str], *, local: bool) -> StepSpans | None:
    """Have this process and the runs in it log lines of JSON and send spans, where asked for.

    Args:
        environ: For example ``os.environ``.
        local: Whether nothing may leave this machine.

    Returns:
        What makes the spans; None where no traces are asked for.

    Raises:
        LogFormatError: The variable of the format has another value.
        TracesError: Traces cannot be sent.
    """
    start_json_logging(environ)
    spans = start_tracing(environ, local=local)
    usual = default_system_loggers
    if log_format(environ) == "json":
        usual = _json_loggers
    if spans is not None:
        usual = _with_spans(usual, spans)
    if usual is not default_system_loggers:
        _replace_default(usual)
    return spans


def _replace_default(loggers: _Loggers) -> None:
    for module in (context_creation_job, host_mode):
        if not hasattr(module, _DEFAULT):
            logging.getLogger(__name__).warning(
                "this version of Dagster has another console: its runs log text, without spans"
            )
            continue
        setattr(module, _DEFAULT, loggers)


def _json_loggers(_instance: dg.DagsterInstance | None) -> _Chosen:
    # Dagster's events are of level DEBUG; what is said stays as the instance's level lets it.
    return [(json_console, {"name": "dagster", "log_level": "DEBUG"})]


def _with_spans(usual: _Loggers, spans: StepSpans) -> _Loggers:
    def make_logger(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("dagster.spans", "DEBUG")
        logger.addHandler(SpanHandler(spans))
        return logger

    tracing = dg.LoggerDefinition(make_logger, description="Makes spans of a run's events.")
    return lambda instance: [*usual(instance), (tracing, {})]


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
