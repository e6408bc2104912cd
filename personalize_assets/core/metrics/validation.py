"""What every metric asks of its cutoff."""


def require_cutoff(k: int) -> int:
    """Return ``k``.

    Raises:
        ValueError: ``k`` is not positive.
    """
    if k < 1:
        raise ValueError(f"the cutoff of a metric must be at least 1, got {k}")
    return k
