"""What counts as a difference, and what is only another way to write the same."""

from typing import Any

import pytest

from personalize_assets.aws.bootstrap.differences import differences, tag_differences

STATEMENT = {
    "Sid": "Read",
    "Effect": "Allow",
    "Principal": {"Service": ["a.amazonaws.com"]},
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::films/*"],
    "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
}
SAME: list[dict[str, Any]] = [
    {"Action": ["s3:PutObject", "s3:GetObject"]},
    {"Resource": "arn:aws:s3:::films/*"},
    {"Principal": {"Service": "a.amazonaws.com"}},
    {"Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}}},
]


@pytest.mark.parametrize("other", SAME)
def test_differences__of_one_statement_written_otherwise(other: dict[str, Any]) -> None:
    wanted = {"PolicyDocument": {"Statement": [STATEMENT]}}
    current = {"PolicyDocument": {"Statement": [{**STATEMENT, **other}]}}
    assert differences(current, wanted) == []


def test_differences__name_the_statement() -> None:
    wanted = {"PolicyDocument": {"Statement": [STATEMENT, {**STATEMENT, "Sid": "Write"}]}}
    changed = {**STATEMENT, "Action": "s3:*"}
    opened = {**STATEMENT, "Sid": "Open"}
    current = {"PolicyDocument": {"Statement": [opened, changed]}}

    found = [str(one) for one in differences(current, wanted)]

    assert [text.partition(": ")[0] for text in found] == [
        "PolicyDocument.Statement.Read.Action",
        "PolicyDocument.Statement.Write",
        "PolicyDocument.Statement.Open",
    ]
    assert found[0].endswith('["s3:*"] -> ["s3:GetObject", "s3:PutObject"]')
    assert "(absent) -> " in found[1]
    assert found[2].endswith("-> (absent)")


@pytest.mark.parametrize(
    ("current", "wanted", "texts"),
    [
        ({"A": 1, "Other": 2}, {"A": 1}, []),
        ({}, {"A": True}, ["A: (absent) -> true"]),
        ({"A": None}, {"A": []}, []),
        ({"A": ["x"]}, {"A": []}, ['A: ["x"] -> []']),
        ({"A": {"B": 1, "C": 2}}, {"A": {"B": 1}}, ["A.C: 2 -> (absent)"]),
        ({"A": [2, 1]}, {"A": [1, 2]}, []),
        (
            {"Rules": [{"Id": "x", "Days": 1}]},
            {"Rules": [{"Id": "x", "Days": 2}]},
            ["Rules.x.Days: 1 -> 2"],
        ),
    ],
)
def test_differences(current: dict[str, Any], wanted: dict[str, Any], texts: list[str]) -> None:
    assert [str(one) for one in differences(current, wanted)] == texts


def test_tag_differences__leave_the_tags_of_others() -> None:
    current = {"a": "1", "mine": "yes"}
    found = tag_differences(current, {"a": "2", "b": "3"})
    assert [str(one) for one in found] == ["Tags.a: 1 -> 2", "Tags.b: (absent) -> 3"]
