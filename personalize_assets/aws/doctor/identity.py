"""Who we are, whether our clock is right, and whether the service is where we look for it."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.answers import Answer, cannot_tell
from personalize_assets.aws.doctor.findings import Finding, failed, ok, unknown
from personalize_assets.aws.settings import ASSUME_ROLE_ARN, PROFILE, REGION, ROLE_ARN

MAX_SKEW_S: Final = 300.0
"""AWS refuses signatures that are five minutes off."""

_NO_CREDENTIALS: Final = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
)
_EXPIRED: Final = (
    "ExpiredToken",
    "ExpiredTokenException",
    "SSOTokenLoadError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
)
_WRONG: Final = ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch")
_UNREACHABLE: Final = (
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
)


def judge_identity(answer: Answer, deployment: Deployment) -> Finding:
    """Whether we are somebody, and of the deployment's account.

    Args:
        answer: Of ``sts:GetCallerIdentity``.
        deployment: Its account is that of its role.
    """
    check = "identity"
    profile = f" --profile {deployment.profile}" if deployment.profile else ""
    if answer.code in _NO_CREDENTIALS:
        fix = f"aws configure sso{profile}, or set {PROFILE.name} to a profile that exists"
        return failed(check, "boto3 finds no credentials", fix)
    if answer.code in _EXPIRED:
        return failed(check, "the credentials have expired", f"aws sso login{profile}")
    if answer.denied and deployment.assume_role_arn:
        fact = f"the role {deployment.assume_role_arn} may not be assumed: {answer.text}"
        fix = f"let its trust policy name this identity, or unset {ASSUME_ROLE_ARN.name}"
        return failed(check, fact, fix)
    if answer.code in _WRONG:
        fact = f"AWS does not know these credentials: {answer.text}"
        return failed(check, fact, f"aws configure{profile}, or aws sso login{profile}")
    if answer.code in _UNREACHABLE:
        fact = f"AWS STS is not reached: {answer.text}"
        return failed(check, fact, "mend network, proxy or the region's name, and try again")
    if not answer.answered:
        return cannot_tell(check, answer)
    arn, account = str(answer.reply["Arn"]), str(answer.reply["Account"])
    if account != deployment.account_id:
        fact = f"{arn} is of the account {account}, but {ROLE_ARN.name} of {deployment.account_id}"
        fix = f"work with credentials of {deployment.account_id}, or set {ROLE_ARN.name} anew"
        return failed(check, fact, fix)
    return ok(check, f"{arn} in the account {account}")


def judge_clock(answer: Answer) -> Finding:
    """Whether our clock agrees with the one of AWS, to the second that an answer shows.

    Args:
        answer: Of any operation that came from AWS, a refusal too.
    """
    check, text = "clock", answer.headers.get("date", "")
    try:
        theirs = parsedate_to_datetime(text)
    except ValueError:
        fix = "timedatectl status, to see whether it is kept by the network"
        return unknown(check, "no answer said what time it is", fix)
    skew_s = answer.asked_at - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp()
    # The Date header has whole seconds, and the answer was on its way.
    if abs(skew_s) <= 2:
        return ok(check, "agrees with that of AWS")
    ours = datetime.fromtimestamp(answer.asked_at, UTC).isoformat(timespec="seconds")
    direction = "ahead of" if skew_s > 0 else "behind"
    fact = f"{abs(skew_s):,.0f} s {direction} that of AWS ({ours} here)"
    if abs(skew_s) < MAX_SKEW_S:
        return ok(check, fact, "" if abs(skew_s) < MAX_SKEW_S / 2 else _SET_CLOCK)
    return failed(
        check, f"{fact}; more than {MAX_SKEW_S:.0f} s make signatures invalid", _SET_CLOCK
    )


_SET_CLOCK: Final = "sudo timedatectl set-ntp true"


def judge_region(answer: Answer, region: str, listed: list[str]) -> Finding:
    """Whether the region offers Amazon Personalize.

    Args:
        answer: Of ``personalize:ListDatasetGroups``.
        region: Where it was asked.
        listed: Regions that botocore knows to offer it: a hint, which may be out of date.
    """
    check = "region"
    offering = f"set {REGION.name} to one that does: {', '.join(listed)}"
    if answer.code in _UNREACHABLE and region not in listed:
        return failed(check, f"{region} does not offer Amazon Personalize: {answer.text}", offering)
    if answer.code in _UNREACHABLE:
        return failed(
            check,
            f"{region} offers Amazon Personalize, but it is not reached: {answer.text}",
            f"curl -sv https://personalize.{region}.amazonaws.com, and mend what stands between",
        )
    if region not in listed and not answer.answered:
        fact = f"botocore does not list {region} among the regions of Amazon Personalize"
        return unknown(check, fact, offering)
    return ok(check, f"{region} offers Amazon Personalize")


def judge_service(answer: Answer, region: str) -> Finding:
    """Whether Amazon Personalize answers us.

    Args:
        answer: Of ``personalize:ListDatasetGroups``.
        region: Where it was asked.
    """
    check = "personalize"
    if answer.denied:
        return failed(
            check,
            f"{answer.operation} was refused: {answer.text}",
            "attach the operator policy that `personalize-assets bootstrap` makes to this identity",
        )
    if answer.code in _WRONG:
        # STS knew us, so the region does not: one that an account has to opt in to.
        fact = f"{region} does not know this account: {answer.text}"
        return failed(check, fact, f"aws account enable-region --region-name {region}")
    if answer.code in _UNREACHABLE:
        return failed(check, f"not reached: {answer.text}", "see the region's line")
    if not answer.answered:
        return cannot_tell(check, answer)
    return ok(check, "answers")
