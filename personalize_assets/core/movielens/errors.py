"""The one error of raw data: a file, not a row of it, cannot be used.

Single rows never raise; they are quarantined by ``core.cleaning``. This module knows no format.
"""


class RawDataError(ValueError):
    """A file of raw data is missing, empty, ambiguous or not in the format that it should have.

    The message says what is wrong, in which file, and what would be right.
    """
