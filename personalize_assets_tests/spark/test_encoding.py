"""The pattern of what is no UTF-8 against Python's decoder."""

import re

from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning.lines import is_utf8
from personalize_assets.spark.encoding import INVALID_UTF8_PATTERN

# Bytes at the edges of all that UTF-8 tells apart.
EDGES = bytes.fromhex("417f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff")
BYTES = st.lists(st.sampled_from(EDGES), max_size=7).map(bytes) | st.binary(max_size=9)


@given(BYTES | st.text(max_size=4).map(str.encode))
def test_invalid_utf8_pattern__as_python_decodes(data: bytes) -> None:
    found = re.search(INVALID_UTF8_PATTERN, data.decode("latin-1"))
    assert (found is None) == is_utf8(data)
