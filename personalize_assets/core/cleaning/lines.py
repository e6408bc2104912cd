"""Lines of a block as an Arrow array over the block's own bytes, without a copy.

Knows where lines begin and end and which match a pattern; not what a line means.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personalize_assets.core.cleaning.blocks import Block

BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]

_NEWLINE = ord("\n")


def is_utf8(data: bytes) -> bool:
    """Tell whether ``data`` is text in UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Lines:
    """The lines of one block, each with its end.

    Attributes:
        data: Bytes of all lines.
        offsets: Where each line begins, and the end of the last: int32, shape ``(n + 1,)``.
        first_line: Number of the first line in its file.
    """

    def __init__(self, block: Block) -> None:
        self.data = block.data
        self.first_line = block.first_line
        ends = np.flatnonzero(np.frombuffer(block.data, dtype=np.uint8) == _NEWLINE)
        self.offsets = np.zeros(len(ends) + 1, dtype=np.int32)
        self.offsets[1:] = ends + 1

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def matching(self, pattern: str) -> BoolArray:
        """Tell which lines match ``pattern`` as a whole, not counting their end."""
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        array = pa.Array.from_buffers(pa.binary(), len(self), buffers)
        matches = pc.match_substring_regex(array, rf"\A(?:{pattern})\r?\n\z")
        return matches.to_numpy(zero_copy_only=False)

    def not_utf8(self) -> BoolArray:
        """Tell which lines are not UTF-8."""
        wrong = np.zeros(len(self), dtype=np.bool_)
        if not is_utf8(self.data):
            wrong[:] = [not is_utf8(self.text(index)) for index in range(len(self))]
        return wrong

    def text(self, index: int) -> bytes:
        """Bytes of one line without its end."""
        line = self.data[self.offsets[index] : self.offsets[index + 1] - 1]
        return line.removesuffix(b"\r")

    def number(self, index: int) -> int:
        """Number of one line in its file, 1-based."""
        return self.first_line + index

    def without(self, dropped: Sequence[int] | IndexArray) -> bytes:
        """Bytes of all lines but ``dropped`` (ascending indices)."""
        if len(dropped) == 0:
            return self.data
        view = memoryview(self.data)
        starts = [0, *self.offsets[np.asarray(dropped) + 1].tolist()]
        ends = [*self.offsets[np.asarray(dropped)].tolist(), len(self.data)]
        return b"".join(view[start:end] for start, end in zip(starts, ends, strict=True))
