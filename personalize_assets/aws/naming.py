"""Deterministic names of Personalize resources, from what they are made of.

The same inputs give the same name, so that a second run finds the first one's job. Only text in,
text out.
"""

import hashlib
import json
import re
from typing import Any

PROJECT_TAG = "personalize-assets"
"""Tag of everything that the project made in the service; its value is the dataset group."""

MAX_LENGTH = 63  # botocore: Name of personalize
_SUFFIX_LENGTH = 3  # room for "-2" to "-99" of repeated attempts
_DIGEST_LENGTH = 12


def job_name(prefix: str, *digests: str) -> str:
    """Name a job after what goes into it.

    Args:
        prefix: What a person should recognise, such as ``movielens-interactions``; characters that
            a name cannot hold become ``-``.
        digests: Texts that together identify the inputs and the configuration, in order.

    Returns:
        ``<prefix>-<12 hex digits>``, at most 60 characters, so that ``attempt_name`` has room.
        Equal arguments give equal names; a prefix that had to be cut still counts in full.

    Raises:
        ValueError: Nothing of ``prefix`` can stand in a name.

    Example:
        >>> job_name("MovieLens ratings", "abc")
        'MovieLens-ratings-bbf12df6ad7e'
    """
    digest = hashlib.sha256(json.dumps([prefix, *digests]).encode()).hexdigest()[:_DIGEST_LENGTH]
    room = MAX_LENGTH - _SUFFIX_LENGTH - _DIGEST_LENGTH - 1
    return f"{clean_name(prefix, room)}-{digest}"


def clean_name(text: str, max_length: int = MAX_LENGTH) -> str:
    """Make a name of ``text``: allowed characters only, beginning with a letter or a digit.

    Raises:
        ValueError: No letter or digit is left.
    """
    cleaned = re.sub(r"[^a-zA-Z0-9_-]+", "-", text)
    cleaned = cleaned.lstrip("-_")[:max_length].rstrip("-_")
    if not cleaned:
        raise ValueError(f"{text!r} holds no letter or digit that a name could begin with")
    return cleaned


def attempt_name(name: str, attempt: int) -> str:
    """Name the ``attempt``-th try of the job ``name``: the first bears the name itself.

    Raises:
        ValueError: The result would be longer than 63 characters, or ``attempt`` is below 1.
    """
    if attempt < 1:
        raise ValueError(f"attempts count from 1, got {attempt}")
    result = name if attempt == 1 else f"{name}-{attempt}"
    if len(result) > MAX_LENGTH:
        raise ValueError(f"{result!r} is longer than {MAX_LENGTH} characters")
    return result


def digest_of(value: Any) -> str:
    """Hash a JSON-like value: sha256, 64 hex digits, whatever the order of its keys.

    Raises:
        TypeError: ``value`` holds something that JSON does not know.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
