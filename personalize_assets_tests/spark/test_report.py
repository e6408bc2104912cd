"""Reports as JSON."""

import json

import pytest

from personalize_assets.spark.report import Field, Part, Report

REPORT = Report(
    header="USER_ID,AGE",
    schema=[Field("USER_ID", "string", False), Field("AGE", "int32", True)],
    accounts={"read": 2, "written": 1},
    reasons={"missing value": 1},
    preview=[["zoë", 7]],
    parts={"csv": [Part("part-00000.txt", 7)], "quarantine": []},
    seconds=1.5,
    spark="3.5.9",
    ids=1,
    missing={"AGE": 0},
)


def test_from_json__inverse() -> None:
    assert Report.from_json(REPORT.to_json()) == REPORT


def test_from_json__other_version() -> None:
    content = json.loads(REPORT.to_json()) | {"version": 2}
    with pytest.raises(ValueError, match="version 1 is known here; got 2"):
        Report.from_json(json.dumps(content))
