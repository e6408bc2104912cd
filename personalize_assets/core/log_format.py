"""How log records are written by every process of the project: as text, or as lines of JSON.

A record may carry ``facts``, a mapping that becomes members of its line, and Dagster's own data of
run and step. Whatever could be a credential is hidden in both forms. Pure: the environment is a
parameter, and only ``configure_logging`` changes something, the root of Python's logging.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

LogFormat = Literal["text", "json"]

FORMAT_VARIABLE: Final = "PERSONALIZE_ASSETS_LOG_FORMAT"
HIDDEN: Final = "[hidden]"

_SECRETS: Final = (
    # Signatures and tokens of presigned addresses, of both versions.
    (
        r"(?i)\b(x-amz-(?:signature|credential|security-token)|AWSAccessKeyId|Signature)=[^&\s\"'<>]+",
        rf"\1={HIDDEN}",
    ),
    # Headers, as text and as members of a printed mapping.
    (
        r"(?i)\b(authorization|x-amz-security-token)([\"']?\s*[:=]\s*)(?:b?\"[^\"]*\"|b?'[^']*'|[^\r\n]+)",
        rf"\1\2{HIDDEN}",
    ),
    # Settings and members of credentials.
    (
        r"(?i)((?:secret_?access_?key|session_?token)|password)([\"']?\s*[:=]\s*[\"']?)"
        r"[^\s\"',;&}]+",
        rf"\1\2{HIDDEN}",
    ),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),
    # Passwords in addresses, such as those of databases.
    (r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]+:)[^\s/@]+@", rf"\1{HIDDEN}@"),
    (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", "[e-mail]"),
)
_PATTERNS: Final = tuple((re.compile(pattern), text) for pattern, text in _SECRETS)


class LogFormatError(ValueError):
    """The variable of the format has a value that it cannot have."""


def log_format(environ: Mapping[str, str]) -> LogFormat:
    """How this process writes its log.

    Raises:
        LogFormatError: Neither ``text`` nor ``json``.
    """
    found = environ.get(FORMAT_VARIABLE, "").strip() or "text"
    if found == "text" or found == "json":
        return found
    raise LogFormatError(f"{FORMAT_VARIABLE} must be text or json, got {found!r}")


def redact(text: str) -> str:
    """Hide keys, tokens, signatures, passwords and e-mail addresses.

    >>> redact("GET /a?X-Amz-Signature=abc&x=1 for jo@example.org")
    'GET /a?X-Amz-Signature=[hidden]&x=1 for [e-mail]'
    """
    for pattern, hidden in _PATTERNS:
        text = pattern.sub(hidden, text)
    return text


class TextFormatter(logging.Formatter):
    """Python's own formatter, with secrets hidden."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One line of JSON a record: time, level, logger, message, run and step, facts, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        dagster: Mapping[str, Any] = getattr(record, "dagster_meta", None) or {}
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            # Dagster's own message begins with run and step, which have members of their own.
            "message": dagster.get("orig_message") or record.getMessage(),
            "run_id": dagster.get("run_id"),
            "step": dagster.get("step_key"),
            "event": _event(dagster),
            **(getattr(record, "facts", None) or {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        present = {name: _shown(value) for name, value in line.items() if value is not None}
        return json.dumps(present, ensure_ascii=False, default=str)


def make_formatter(environ: Mapping[str, str], text: str) -> logging.Formatter:
    """The formatter that ``environ`` asks for.

    Args:
        environ: For example ``os.environ``.
        text: Format of a line of text, as Python's ``logging`` takes it.

    Raises:
        LogFormatError: The variable has another value.
    """
    return JsonFormatter() if log_format(environ) == "json" else TextFormatter(text)


def configure_logging(
    environ: Mapping[str, str], text: str, level: int | str = "INFO", stream: TextIO | None = None
) -> None:
    """Have the root logger of this process write to ``stream``, unless it writes already.

    Args:
        environ: For example ``os.environ``.
        text: Format of a line of text.
        level: Least level.
        stream: Standard error by default.

    Raises:
        LogFormatError: The variable of the format has another value.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(make_formatter(environ, text))
    handler.addFilter(_is_outside_of_runs)
    logging.basicConfig(level=level, handlers=[handler])


def start_json_logging(environ: Mapping[str, str]) -> None:
    """Where JSON is asked for, have this process write what the project says, and all warnings.

    For processes that write no log of their own in text: commands, and Dagster's code location.

    Raises:
        LogFormatError: The variable of the format has another value.
    """
    if log_format(environ) == "json":
        configure_logging(environ, "", "WARNING")
        logging.getLogger("personalize_assets").setLevel("INFO")


def _is_outside_of_runs(record: logging.LogRecord) -> bool:
    """Whether nobody else writes the record: Dagster gives those of runs to the loggers of jobs."""
    return not hasattr(record, "dagster_meta")


def _event(dagster: Mapping[str, Any]) -> str | None:
    event = dagster.get("dagster_event")
    return None if event is None else str(event.event_type_value)


def _shown(value: Any) -> Any:
    return redact(value) if isinstance(value, str) else value
