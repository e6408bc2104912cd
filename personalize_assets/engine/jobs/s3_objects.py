"""S3 as jobs see it: locations, listings and streams, with the errors that clients know.

Knows nothing of what is in the objects.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.engine.jobs.kinds import JobFailed
from personalize_assets.loopback import make_client


class LocationError(ValueError):
    """A text is not the address of something in S3."""


class NoSuchObject(Exception):
    """There is nothing at an address."""


class AccessDenied(Exception):
    """S3 refuses to show or take something."""


@dataclass(frozen=True, slots=True)
class Location:
    """An address in S3.

    Attributes:
        bucket: Never empty.
        key: Of an object, or a prefix; a folder's ends in ``/`` or is empty.
    """

    bucket: str
    key: str

    @property
    def is_folder(self) -> bool:
        """Whether it names a folder rather than an object."""
        return not self.key or self.key.endswith("/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a listing; the size is in bytes."""

    key: str
    size: int


def parse_location(path: str) -> Location:
    """Take an address such as ``s3://bucket/folder/`` apart.

    Raises:
        LocationError: It is not of that form.
    """
    scheme, separator, rest = path.partition("://")
    bucket, slash, key = rest.partition("/")
    if scheme != "s3" or not separator or not bucket or not slash:
        raise LocationError(f"{path!r} is not of the form s3://bucket/path")
    return Location(bucket, key)


class Objects:
    """The objects of one S3.

    Args:
        endpoint: Address of the S3, on loopback; None if the engine has none.

    Raises:
        JobFailed: There is no endpoint.
    """

    def __init__(self, endpoint: str | None) -> None:
        if endpoint is None:
            raise JobFailed(
                "The engine has no S3: it was started without --s3-endpoint URL, so that imports "
                "and batch jobs find no data"
            )
        self._endpoint = endpoint
        self._client = _make_client(endpoint)

    def list_folder(self, folder: Location) -> list[Object]:
        """Objects of the first level of a folder, by key; hidden and empty ones are left out."""
        return [
            found
            for found in self._list(folder, delimiter="/")
            if not found.key.rpartition("/")[2].startswith((".", "_"))
        ]

    def list_prefix(self, prefix: Location) -> list[Object]:
        """All objects whose key begins with that of ``prefix``, by key, without empty ones."""
        return self._list(prefix, delimiter="")

    def find(self, location: Location) -> Object:
        """One object.

        Raises:
            NoSuchObject: There is none.
        """
        with self._errors(location):
            answer = self._client.head_object(Bucket=location.bucket, Key=location.key)
        return Object(location.key, int(answer["ContentLength"]))

    @contextmanager
    def open(self, location: Location) -> Generator[BinaryIO]:
        """Stream an object."""
        with self._errors(location):
            body = self._client.get_object(Bucket=location.bucket, Key=location.key)["Body"]
            try:
                yield cast(BinaryIO, body)
            finally:
                body.close()

    def upload(self, file: Path, location: Location) -> None:
        """Put a file as an object."""
        with self._errors(location), file.open("rb") as data:
            self._client.upload_fileobj(data, location.bucket, location.key)

    def write(self, data: bytes, location: Location) -> None:
        """Put bytes as an object."""
        with self._errors(location):
            self._client.put_object(Bucket=location.bucket, Key=location.key, Body=data)

    def _list(self, prefix: Location, delimiter: str) -> list[Object]:
        found: list[Object] = []
        with self._errors(prefix):
            pages: Any = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=prefix.bucket, Prefix=prefix.key, Delimiter=delimiter
            )
            for page in pages:
                found += [Object(item["Key"], item["Size"]) for item in page.get("Contents", ())]
        return sorted((item for item in found if item.size), key=lambda item: item.key)

    @contextmanager
    def _errors(self, location: Location) -> Generator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
                raise NoSuchObject(str(location)) from error
            if code in ("403", "AccessDenied"):
                raise AccessDenied(str(location)) from error
            raise JobFailed(f"S3 at {self._endpoint} refused {location}: {error}") from error
        except BotoCoreError as error:
            raise JobFailed(f"S3 at {self._endpoint} failed on {location}: {error}") from error


@cache
def _make_client(endpoint: str) -> Any:
    return make_client("s3", endpoint)
