"""Small plots for the UI: SVG inside Markdown, short enough for Dagster to render in place."""

import base64
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, MARGIN = 320, 80, 8
COLOURS = ("#4f43dd", "#0e8a6b", "#c2410c", "#0369a1")


def line_plot(title: str, series: Mapping[str, Sequence[float]]) -> str:
    """Markdown with one line a series, oldest value on the left, and the newest values as text.

    Args:
        title: Above the plot.
        series: Values by name; all series share the scale from 0 to the largest value.
    """
    top = max((value for values in series.values() for value in values), default=0.0) or 1.0
    lines = [
        _line(values, top, COLOURS[number % len(COLOURS)])
        for number, values in enumerate(series.values())
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(lines)}</svg>'
    )
    data = base64.b64encode(svg.encode()).decode()
    legend = "  ·  ".join(f"{name} {values[-1]:.4f}" for name, values in series.items() if values)
    return f"**{title}**\n\n![{title}](data:image/svg+xml;base64,{data})\n\n{legend}"


def _line(values: Sequence[float], top: float, colour: str) -> str:
    steps = max(1, len(values) - 1)
    points = [
        (
            MARGIN + (WIDTH - 2 * MARGIN) * index / steps,
            HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value / top,
        )
        for index, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points
    )
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dots}'
