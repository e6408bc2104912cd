"""Accounts of moto: a new one for whoever asks, so that no test meets what another made."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from personalize_assets.aws.bootstrap.account import Account
from personalize_assets.aws.bootstrap.journal import Journal
from personalize_assets_tests.aws.bootstrap.accounts import (
    REGION,
    forget_everything,
    open_account,
    open_first_account,
    serve_accounts,
)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """Address of a server that plays AWS, in whose environment boto3 finds it."""
    with serve_accounts() as address:
        yield address


@pytest.fixture
def new_account(moto: str) -> Callable[[], Account]:
    """Opens an account that nobody has used yet."""
    return lambda: open_account(REGION)


@pytest.fixture(scope="module")
def _first_account(moto: str) -> Account:
    return open_first_account(REGION)  # its clients take longer to make than most tests


@pytest.fixture
def account(_first_account: Account) -> Account:
    """An account with nothing in it."""
    forget_everything()
    return _first_account


@pytest.fixture
def journal(account: Account, tmp_path: Path) -> Journal:
    """The journal of one machine."""
    return Journal(tmp_path / "state" / "bootstrap.json", account.account_id)


@pytest.fixture(autouse=True)
def _no_settings(clean_environment: None) -> Iterator[None]:
    with mock.patch.dict(os.environ):
        yield
