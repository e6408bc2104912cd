"""The run in an account: who may begin one, and that it works, with an engine as the account."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.prices import load_prices
from personalize_assets.aws.waiters import ResourceFailed
from personalize_assets.local.clients import open_clients
from personalize_assets.testing.control import Control, FaultInjection
from personalize_assets_tests.account import records
from personalize_assets_tests.account.__main__ import main
from personalize_assets_tests.account.permission import (
    ACCOUNT,
    BUDGET,
    NotPermitted,
    Permission,
    check_account,
    check_budget,
    forecast_run,
    read_permission,
)
from personalize_assets_tests.account.running import STEPS, clean_up, run_in_account
from personalize_assets_tests.aws.estates import aws_environment
from personalize_assets_tests.aws_cloud import serve_moto
from personalize_assets_tests.contract.places import PATIENCE

DIGITS = "123456789012"
REASON = f"{ACCOUNT} is not set: nothing is done in AWS"


@pytest.mark.aws
@pytest.mark.enable_socket
@pytest.mark.skipif(not os.environ.get(ACCOUNT), reason=REASON)
def test_workflow__in_the_account_that_is_named(request: pytest.FixtureRequest) -> None:
    named = request.config.getoption("--record")

    with request.getfixturevalue("capsys").disabled():
        ran = run_in_account(os.environ, print, Path(named) if named else None)

    assert ran.is_clean
    assert ran.steps == STEPS


@pytest.fixture
def rehearsal(deployment: Deployment) -> Iterator[Mapping[str, str]]:
    """An account that the engine and moto play: settings of the aws deployment, and permission."""
    with serve_moto() as moto:
        here = replace(deployment, account_id=DIGITS)
        Bucket.of(open_clients(here)).ensure(create=True)
        environ = aws_environment(here)
        engine = environ["AWS_ENDPOINT_URL_PERSONALIZE"]
        environ |= {
            "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": engine,
            "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": engine,
            "AWS_ENDPOINT_URL_STS": moto,
            ACCOUNT: DIGITS,
            BUDGET: "5",
        }
        with mock.patch.dict(os.environ, environ):
            yield environ


@pytest.mark.slow
def test_rehearsal__does_all_steps_and_leaves_nothing(
    rehearsal: Mapping[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    said: list[str] = []

    ran = run_in_account(rehearsal, said.append, tmp_path / "record.json", policy=PATIENCE)

    assert ran.is_clean
    assert ran.steps == STEPS
    assert any("in all $" in line for line in said)
    if request.config.getoption("--snapshot-update"):
        seen = {name: ran.record[name] for name in ("operations", "states")}
        records.write(records.ENGINE_RECORD, seen)
    found = list(records.differences(ran.record, records.read(records.ENGINE_RECORD)))
    assert found == [], "if that is wanted: run this test with --snapshot-update"
    text = (tmp_path / "record.json").read_text()
    assert ran.name not in text, "values have no place in a record"
    assert DIGITS not in text


@pytest.mark.slow
def test_rehearsal__cleans_up_after_a_failure(rehearsal: Mapping[str, str], tmp_path: Path) -> None:
    faults = FaultInjection(Control(rehearsal["AWS_ENDPOINT_URL_PERSONALIZE"]))
    rule = faults.add("fail-job", "CreateSolutionVersion", count=1, message="no capacity")
    said: list[str] = []

    try:
        with pytest.raises(ResourceFailed, match="no capacity"):
            run_in_account(rehearsal, said.append, tmp_path / "record.json", policy=PATIENCE)
    finally:
        faults.remove(rule)

    name = next(line for line in said if "--clean" in line).rpartition(" ")[2]
    assert "list_dataset_groups: 0 of ours" in "".join(said)
    assert any(line.startswith("  0 objects under s3://") for line in said)
    assert records.read(tmp_path / "record.json")["operations"]["CreateSolutionVersion"]
    assert clean_up(rehearsal, name, said.append)


@pytest.mark.slow
def test_rehearsal__of_another_account_begins_nothing(rehearsal: Mapping[str, str]) -> None:
    with pytest.raises(NotPermitted, match=f"credentials are of account {DIGITS}"):
        run_in_account({**rehearsal, ACCOUNT: "999999999999"}, lambda _: None)
    with pytest.raises(NotPermitted, match=r"allows \$0\.50: nothing was created"):
        run_in_account({**rehearsal, BUDGET: "0.50"}, lambda _: None)


def test_read_permission__needs_account_and_budget() -> None:
    assert read_permission({}) is None
    assert read_permission({ACCOUNT: DIGITS, BUDGET: "2.5"}) == Permission(DIGITS, 2.5)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({ACCOUNT: "mine", BUDGET: "5"}, "must be the twelve digits of an account, got 'mine'"),
        ({ACCOUNT: DIGITS}, "must be an amount in dollars, such as 5, got ''"),
        ({ACCOUNT: DIGITS, BUDGET: "-1"}, "must be an amount in dollars"),
    ],
)
def test_read_permission__says_what_to_set(environ: dict[str, str], said: str) -> None:
    with pytest.raises(NotPermitted, match=said):
        read_permission(environ)


def test_check_account__refuses_roles_of_others() -> None:
    permission = Permission(DIGITS, 5)

    check_account(permission, DIGITS, DIGITS)
    with pytest.raises(NotPermitted, match="is a role of account 999999999999"):
        check_account(permission, DIGITS, "999999999999")


def test_forecast__is_some_dollars() -> None:
    forecast = forecast_run(load_prices())

    assert 0.5 < forecast.low_usd < forecast.high_usd < 3
    check_budget(Permission(DIGITS, 3), forecast)
    with pytest.raises(NotPermitted, match="may cost up to"):
        check_budget(Permission(DIGITS, 0.1), forecast)


def test_main__without_permission_does_nothing(
    capsys: pytest.CaptureFixture[str], clean_environment: None
) -> None:
    assert main([]) == 1
    assert f"error: {ACCOUNT} names no account" in capsys.readouterr().out
    assert main(["--clean", "films"]) == 1
    assert "give a name that begins with pa-test-" in capsys.readouterr().out


def test_main__help_names_variables_and_costs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    text = capsys.readouterr().out
    assert ACCOUNT in text
    assert BUDGET in text
    assert "the forecast is $" in text


def test_differences__of_records() -> None:
    def record(answer: dict[str, str], *pairs: tuple[str, str]) -> dict:
        operations = {"DescribeX": {"request": {}, "answer": answer, "errors": []}}
        return {"operations": operations, "states": {"x": [list(pair) for pair in pairs]}}

    account = record({"a": "string", "b": "list"}, ("ACTIVE", "CREATE PENDING"))
    engine = record({"a": "number", "c": "string"}, ("CREATE PENDING", "ACTIVE"))

    assert list(records.differences(account, engine)) == [
        "DescribeX answer.a: string of the account, number of the engine",
        "DescribeX answer.b: the account only",
        "DescribeX answer.c: the engine only",
        "x: CREATE PENDING after ACTIVE, the engine has it the other way round",
    ]
    assert list(records.differences(account, account)) == []
