"""Log records as text and as JSON, and what must never stand in either."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from personalize_assets.core.log_format import (
    FORMAT_VARIABLE,
    JsonFormatter,
    LogFormatError,
    TextFormatter,
    log_format,
    make_formatter,
    redact,
)

KEY, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "FwoGZXIvYXdzEBYaD"


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("films", logging.INFO, __file__, 1, message, args, None)
    made.created = 1_700_000_000.25
    vars(made).update(extra)
    return made


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (f"AWS_ACCESS_KEY_ID={KEY}", [KEY]),
        (f"aws_secret_access_key = {SECRET}", [SECRET]),
        (f"{{'SecretAccessKey': '{SECRET}', 'SessionToken': '{TOKEN}'}}", [SECRET, TOKEN]),
        (f'"AWS_SESSION_TOKEN": "{TOKEN}"', [TOKEN]),
        (
            f"Authorization: AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request, "
            f"SignedHeaders=host, Signature=fe5f80",
            [KEY, "fe5f80", "20260101"],
        ),
        (f"{{'Authorization': b'AWS4-HMAC-SHA256 {TOKEN}', 'x': 1}}", [TOKEN]),
        (f"X-Amz-Security-Token: {TOKEN}", [TOKEN]),
        (
            f"https://b.s3.amazonaws.com/k?X-Amz-Credential={KEY}%2F2026&X-Amz-Signature=fe5f80"
            f"&X-Amz-Security-Token={TOKEN}",
            [KEY, "fe5f80", TOKEN],
        ),
        (f"https://b.s3.amazonaws.com/k?AWSAccessKeyId={KEY}&Signature=vjbyPxybd", ["vjbyPxybd"]),
        ("postgresql://dagster:hunter2@db:5432/dagster", ["hunter2"]),
        ("DAGSTER_POSTGRES_PASSWORD=hunter2", ["hunter2"]),
        ("subscribed jo.doe+films@mail.example.org", ["jo.doe", "example.org"]),
    ],
)
def test_redact__credentials(text: str, secrets: list[str]) -> None:
    hidden = redact(text)
    assert [secret for secret in secrets if secret in hidden] == []
    assert "[hidden]" in hidden or "[e-mail]" in hidden


@pytest.mark.parametrize(
    "text",
    [
        "wrote s3://films/imports/interactions/all.csv (2483723 bytes)",
        "arn:aws:iam::123456789012:role/PersonalizeRole",
        "personalize CreateSolution: 200, 35 ms, request 1f0c-44",
        "http://127.0.0.1:4000/health",
        "next token was read",
    ],
)
def test_redact__leaves_the_rest(text: str) -> None:
    assert redact(text) == text


def test_json_formatter__members() -> None:
    made = record("wrote %d rows of %s", 3, "é\n", facts={"request_id": "1f0c", "ms": 2.5})
    text = JsonFormatter().format(made)

    assert "\n" not in text
    assert json.loads(text) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "INFO",
        "logger": "films",
        "message": "wrote 3 rows of é\n",
        "request_id": "1f0c",
        "ms": 2.5,
    }


def test_json_formatter__dagsters_run_and_step() -> None:
    meta = {"run_id": "r1", "step_key": "items", "orig_message": "wrote", "dagster_event": None}
    line = json.loads(JsonFormatter().format(record("job - r1 - items - wrote", dagster_meta=meta)))
    assert (line["run_id"], line["step"], line["message"]) == ("r1", "items", "wrote")


def test_json_formatter__exception_without_secrets() -> None:
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    line = json.loads(JsonFormatter().format(made))

    assert line["exception"].startswith("Traceback")
    assert SECRET not in JsonFormatter().format(made)


def test_text_formatter__hides_too() -> None:
    assert TextFormatter("%(levelname)s %(message)s").format(record("password=%s", "x1")) == (
        "INFO password=[hidden]"
    )


def test_log_format__values() -> None:
    assert log_format({}) == log_format({FORMAT_VARIABLE: " "}) == "text"
    assert isinstance(make_formatter({FORMAT_VARIABLE: "json"}, ""), JsonFormatter)
    with pytest.raises(LogFormatError, match=f"{FORMAT_VARIABLE} must be text or json, got 'xml'"):
        log_format({FORMAT_VARIABLE: "xml"})


@pytest.mark.parametrize(("chosen", "lines"), [("json", 2), ("text", 0)])
def test_start_json_logging__in_a_process(chosen: str, lines: int) -> None:
    program = (
        "import logging, os\n"
        "from personalize_assets.core.log_format import start_json_logging\n"
        "start_json_logging(os.environ)\n"
        "start_json_logging(os.environ)\n"
        "log = logging.getLogger('personalize_assets.aws')\n"
        "log.info('said'); log.debug('not said'); logging.getLogger('urllib3').info('not said')\n"
        "log.info('said in a run', extra={'dagster_meta': {}})\n"
        "logging.getLogger('urllib3').error('said') if os.environ['CHOSEN'] == 'json' else None\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={FORMAT_VARIABLE: chosen, "CHOSEN": chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    written = answer.stderr.splitlines()
    assert [json.loads(line)["message"] for line in written] == ["said"] * lines
