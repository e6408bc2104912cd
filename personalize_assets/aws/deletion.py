"""Users who want to be forgotten: their ids to a file in S3, and a job that deletes their data."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.ensure_jobs import ensure_deletion
from personalize_assets.aws.ensuring import Ensured
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.core.names import MAX_DELETION_BYTES, MAX_ID_LENGTH

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

HEADER = "USER_ID"


class UserListError(ValueError):
    """A list of users cannot be used; the message says where and why."""


@dataclass(frozen=True)
class DeletionRequest:
    """Whose data to delete.

    Attributes:
        group_name: Name of the dataset group, the beginning of the job's name.
        group_arn: The group, active.
        users: Their ids.
        request_id: What tells this deletion from an earlier one of the same users, who may have
            come back since; the same id finds the same job again.
        folder: Folder of all lists, ending in a slash.
        role_arn: Role that the service reads with.
    """

    group_name: str
    group_arn: str
    users: Sequence[str]
    request_id: str
    folder: str
    role_arn: str


@dataclass(frozen=True)
class Deleted:
    """A deletion that is done.

    Attributes:
        job: The deletion job.
        key: Key of the list of users.
        users: How many were listed.
        records: How many records the service deleted (``numDeleted``).
    """

    job: Ensured
    key: str
    users: int
    records: int


def delete_users(
    personalize: "PersonalizeClient",
    bucket: Bucket,
    request: DeletionRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Deleted:
    """Delete everything that the group's datasets hold of some users.

    Models know them until they are trained again, and a FULL import of a file that still holds them
    brings them back.

    Raises:
        UserListError: No user is listed, an id cannot be one, or there are too many.
        ResourceFailed: The deletion failed; the reason is in the message.
        WaitTimeout: It was not done in time.
    """
    content = format_users(request.users)
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"{request.folder}{sha256[:16]}/users.csv"
    bucket.write_bytes(key, content)
    job = ensure_deletion(
        personalize,
        request.group_arn,
        job_name(f"{request.group_name}-delete-users", sha256, request.request_id),
        bucket.uri(key),
        request.role_arn,
        policy,
        tags=tags,
    )
    listed = len(set(request.users))
    return Deleted(job, key, listed, int(job.description.get("numDeleted", 0)))


def format_users(users: Iterable[str]) -> bytes:
    r"""Write ids as the service reads them: sorted, each once, under the header USER_ID.

    Raises:
        UserListError: There is none, one is empty or too long, or all are too many.

    Example:
        >>> format_users(["7", "15", "7"])
        b'USER_ID\n15\n7\n'
    """
    listed = sorted(set(users))
    if not listed:
        raise UserListError("no user is listed: give user_ids, or input_key of a file with ids")
    wrong = [user for user in listed if not user.strip() or len(user) > MAX_ID_LENGTH]
    if wrong:
        raise UserListError(
            f"{len(wrong)} of {len(listed)} ids are empty or longer than {MAX_ID_LENGTH} characters"
        )
    text = io.StringIO()
    writer = csv.writer(text, escapechar="\\", doublequote=False, lineterminator="\n")
    writer.writerow([HEADER])
    writer.writerows([user] for user in listed)
    content = text.getvalue().encode()
    if len(content) > MAX_DELETION_BYTES:
        raise UserListError(
            f"the list has {len(content):,} bytes, the service takes {MAX_DELETION_BYTES:,}: "
            "delete in several runs"
        )
    return content


def read_users(content: bytes, name: str) -> list[str]:
    """Read the ids of a file: CSV under the header USER_ID, or one ``{"userId": "..."}`` a line.

    Args:
        content: The file.
        name: Its name, for messages.

    Raises:
        UserListError: It is neither, or a line holds no id.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserListError(f"{name} is not UTF-8 at byte {error.start + 1}") from error
    if text.lstrip().startswith("{"):
        lines = enumerate(text.splitlines(), start=1)
        return [_user_of(line, name, number) for number, line in lines if line.strip()]
    rows = list(csv.reader(io.StringIO(text), escapechar="\\", doublequote=False))
    header = [cell.strip().upper() for cell in rows[0]] if rows else []
    if header != [HEADER]:
        raise UserListError(
            f'{name} must have the one column {HEADER}, or one {{"userId": "..."}} a line; '
            f"its first line has the columns {', '.join(header) or 'none'}"
        )
    return [row[0] for row in rows[1:] if row]


def _user_of(line: str, name: str, number: int) -> str:
    try:
        found: Any = json.loads(line)
    except ValueError as error:
        raise UserListError(f"{name}, line {number}: not JSON: {error}") from error
    user: Any = found.get("userId") if isinstance(found, dict) else None  # type: ignore[reportUnknownMemberType]
    if not isinstance(user, str) or not user:
        raise UserListError(f"{name}, line {number}: no userId that is a text")
    return user
