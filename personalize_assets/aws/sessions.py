"""boto3 sessions of the aws deployment: profile, region, and a role to assume.

Credentials come from boto3's own chain alone. Those of an assumed role live in memory, are renewed
by botocore before they end, and are never written anywhere.
"""

from typing import Any, Final

import boto3
import botocore.session
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ProfileNotFound

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.settings import ASSUME_ROLE_ARN, PROFILE, REGION, DeploymentError

SESSION_NAME: Final = "personalize-assets"
"""Name of the sessions of an assumed role, as CloudTrail shows them."""


def session_of(deployment: Deployment) -> boto3.Session:
    """The session that all clients of an aws deployment are made of.

    Raises:
        DeploymentError: The profile does not exist, or no region is known.
        ValueError: The deployment is local: nothing may leave this machine.
    """
    if deployment.is_local:
        raise ValueError("the local deployment has no session of AWS")
    return make_session(deployment.profile, deployment.region, deployment.assume_role_arn)


def make_session(
    profile: str | None = None, region: str | None = None, assume_role_arn: str | None = None
) -> boto3.Session:
    """Make a session; nothing is asked of AWS before its first call.

    Args:
        profile: Of the AWS configuration; None for boto3's own chain.
        region: None for that of the profile or the environment.
        assume_role_arn: Role to work as, with the credentials that boto3 finds; None for those
            themselves.

    Raises:
        DeploymentError: The profile does not exist, no region is known, or there are no
            credentials to assume the role with.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound as error:
        raise DeploymentError(_unknown_profile(profile)) from error
    found: str | None = session.region_name
    if not found:
        raise DeploymentError(
            f"no region: set {REGION.name} (in a settings file: {REGION.key}) or "
            "AWS_DEFAULT_REGION, or write one into the profile with `aws configure set region`"
        )
    if assume_role_arn is None:
        return session
    return _assumed(session, profile, found, assume_role_arn)


def _assumed(
    session: boto3.Session, profile: str | None, region: str, role_arn: str
) -> boto3.Session:
    source: Any = session.get_credentials()
    if source is None:
        raise DeploymentError(
            f"there are no credentials to assume the role of {ASSUME_ROLE_ARN.name} with: set "
            f"{PROFILE.name} (in a settings file: {PROFILE.key}), or sign in with "
            "`aws sso login` or `aws configure`"
        )

    def make_client(service: str, **options: Any) -> Any:
        return session.client(service, region_name=region, **options)  # pyright: ignore

    fetcher: Any = AssumeRoleCredentialFetcher(
        client_creator=make_client,
        source_credentials=source,
        role_arn=role_arn,
        extra_args={"RoleSessionName": SESSION_NAME},
        cache={},
    )
    credentials: Any = DeferredRefreshableCredentials(
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    inner: Any = botocore.session.Session(profile=profile)
    inner._credentials = credentials  # noqa: SLF001  # botocore has no public way to hand them over
    return boto3.Session(region_name=region, botocore_session=inner)


def _unknown_profile(profile: str | None) -> str:
    known = boto3.Session().available_profiles
    there = f"there are {', '.join(known)}" if known else "there is none at all"
    return (
        f"{PROFILE.name} (in a settings file: {PROFILE.key}) names the profile {profile!r}, which "
        f"the AWS configuration does not have: {there}; make it with "
        f"`aws configure sso --profile {profile}`"
    )
