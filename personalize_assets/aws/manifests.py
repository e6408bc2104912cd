"""Manifests: small JSON objects that say which outputs were made of which inputs.

A manifest is written after its outputs and deleted before they are replaced, so outputs count as
made only while it stands. It makes a second run of unchanged inputs cheap, in any process.
"""

import logging
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from personalize_assets.aws.naming import digest_of
from personalize_assets.aws.objects import Bucket, ObjectNotFound

log = logging.getLogger(__name__)

VERSION = 2
"""Raised when contents say more than before, so that old outputs are made again."""

T = TypeVar("T")


def read_manifest(bucket: Bucket, key: str, inputs: Any, kind: type[T]) -> T | None:
    """Read what a manifest says, if it was made of these inputs and its outputs are untouched.

    Args:
        bucket: The pipeline's bucket.
        key: Key of the manifest.
        inputs: JSON-like value that identifies all inputs.
        kind: Dataclass of the content.

    Returns:
        The content, or None where the outputs have to be made.
    """
    try:
        manifest = bucket.read_json(key)
    except (ObjectNotFound, ValueError):
        return None
    if not isinstance(manifest, dict):
        return None
    stored = cast("dict[str, Any]", manifest)
    if stored.get("inputs") != _digest(inputs):
        return None
    for output, etag in dict(stored.get("outputs", {})).items():
        found = bucket.head(output)
        if found is None or found.etag != etag:
            log.info("%s is missing or was changed: making it again", bucket.uri(output))
            return None
    try:
        return TypeAdapter(kind).validate_python(stored.get("content"))
    except ValidationError:
        return None


def write_manifest(
    bucket: Bucket, key: str, inputs: Any, outputs: Iterable[str], content: Any
) -> None:
    """Write that ``outputs``, as they lie there now, were made of ``inputs``.

    Args:
        bucket: The pipeline's bucket.
        key: Key of the manifest.
        inputs: JSON-like value that identifies all inputs.
        outputs: Keys of the outputs.
        content: Dataclass with what is known of them.
    """
    etags = {name: found.etag for name in outputs if (found := bucket.head(name)) is not None}
    bucket.write_json(
        key, {"inputs": _digest(inputs), "outputs": etags, "content": asdict(content)}
    )


def _digest(inputs: Any) -> str:
    return digest_of({"version": VERSION, "inputs": inputs})
