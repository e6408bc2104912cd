"""Bodies that no client of good will would send, made from valid ones: for tests and longer runs.

Each is a valid request of an operation in which some values were exchanged: for other JSON, for
texts that mean something to the engine (ARNs, filters, JSON in strings, dates), or for nothing.
"""

import copy
import functools
import json
from collections.abc import Iterator
from typing import Any

from botocore.model import OperationModel
from hypothesis import strategies as st

from personalize_assets.engine.wire.messages import HttpRequest
from personalize_assets_tests.engine.examples import example

Path = tuple[str | int, ...]

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=123456789012/20240101/us-east-1/personalize/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
HOSTILE = (
    "",
    " ",
    "\x00",
    "\ud800",
    "é" * 300,
    "a" * 5_000,
    "-1",
    "1e999",
    "NaN",
    "null",
    "{}",
    '{"itemId": {"a": [1]}}',
    "[[[[[[",
    "INCLUDE ItemID WHERE Items.GENRES IN ($A)",
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*") | INCLUDE ItemID WHERE (((',
    "rate(0 days)",
    "rate(99 days)",
    "SUM(Items.PRICE)",
    "s3://",
    "s3://bucket",
    "s3://no-such-bucket/x/../y",
    "http://169.254.169.254/latest",
    "arn:aws:personalize:us-east-1:123456789012:solution/a/$LATEST",
    "arn:aws:personalize:::recipe/aws-sims",
    "arn:aws:personalize:us-east-1:123456789012:dataset/../../etc/ITEMS",
    "' OR 1=1; --",
    "$(reboot)",
)
_NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 2**31, 2**63, 4_102_444_801, 1e308, 1_700_000_000_000]),
)


@functools.cache  # to make a strategy costs more than many draws from it
def values(known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Any JSON, rich in texts that the engine knows.

    Args:
        known: ARNs and ids that exist.
    """
    texts = st.one_of(st.sampled_from([*HOSTILE, *known]), st.text(max_size=20))
    leaves = st.one_of(st.none(), st.booleans(), _NUMBERS, texts)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
        ),
        max_leaves=8,
    )


@st.composite
def bodies(draw: st.DrawFn, operation: OperationModel, known: tuple[str, ...]) -> bytes:
    """The body of a request of ``operation``, spoiled in up to four places or altogether."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.one_of(st.binary(max_size=50), values(known).map(_dump)))
    body = example(operation.input_shape, full=draw(st.booleans()))
    body = json.loads(json.dumps(body, default=lambda moment: moment.timestamp()))
    arns = [arn for arn in known if arn.startswith("arn:")]
    for path in list(_leaves(body)):  # most ARNs exist, so that what lies behind them is reached
        if str(_at(body, path)).startswith("arn:aws:personalize") and arns:
            _put(body, path, draw(st.sampled_from(arns)))
    for _ in range(draw(st.integers(0, 4))):
        paths = list(_leaves(body))
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        if draw(st.integers(0, 5)) == 0:
            _drop(body, path)
        else:
            _put(body, path, draw(values(known)))
    return _dump(body)


def request_of(operation: OperationModel, body: bytes) -> HttpRequest:
    """The request that carries a body."""
    service = operation.service_model
    by_target = service.metadata["protocol"] == "json"
    headers = {"authorization": AUTHORIZATION}
    if by_target:
        headers["x-amz-target"] = f"{service.metadata['targetPrefix']}.{operation.name}"
    path = "/" if by_target else operation.http["requestUri"]
    return HttpRequest("POST", path, headers, body)


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, (*path, index))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _put(value: Any, path: Path, new: Any) -> None:
    _at(value, path[:-1])[path[-1]] = copy.deepcopy(new)


def _drop(value: Any, path: Path) -> None:
    del _at(value, path[:-1])[path[-1]]
