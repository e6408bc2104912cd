"""Small plots for the UI: SVG inside Markdown, short enough for Dagster to render in place."""

import base64
from collections.abc import Mapping, Sequence
from typing import Final

INLINE_CHARACTERS: Final = 999
"""Dagster's UI shows Markdown in place below 1,000 characters, and hides longer text."""

MAX_POINTS: Final = 12
_WIDTH, _HEIGHT, _MARGIN = 240, 60, 4
_COLOURS = ("#4f43dd", "#0e8a6b", "#c2410c")


def line_plot(title: str, series: Mapping[str, Sequence[float]]) -> str:
    """Markdown with one line a series, oldest value on the left, and the newest values as text.

    Args:
        title: Above the plot.
        series: At most three series of values by name, of which the newest twelve are drawn; all
            share the scale from 0 to the largest value.
    """
    recent = {name: list(values)[-MAX_POINTS:] for name, values in series.items() if values}
    top = max((value for values in recent.values() for value in values), default=0.0) or 1.0
    lines = [
        _line(values, top, colour)
        for values, colour in zip(recent.values(), _COLOURS, strict=False)
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">'
        f"{''.join(lines)}</svg>"
    )
    data = base64.b64encode(svg.encode()).decode()
    legend = ", ".join(f"{name} {values[-1]:.4f}" for name, values in recent.items())
    return f"{title}: {legend}\n\n![{title}](data:image/svg+xml;base64,{data})"


def bar_plot(title: str, bars: Mapping[str, Sequence[float]], series: Sequence[str]) -> str:
    """Markdown with a group of bars for each name, from left to right, and a legend as text.

    Args:
        title: Above the plot.
        bars: Values by name, one for each series.
        series: At most three names, drawn in colours of their own on the scale of the largest.
    """
    top = max((value for values in bars.values() for value in values), default=0.0) or 1.0
    step = (_WIDTH - 2 * _MARGIN) / max(1, len(bars))
    width = max(1, round(0.8 * step / max(1, len(series))))
    paths = [
        "".join(
            _bar(_MARGIN + place * step + number * width, values[number] / top, width)
            for place, values in enumerate(bars.values())
        )
        for number in range(len(series))
    ]
    drawn = "".join(
        f'<path d="{path}" fill="{colour}"/>' for path, colour in zip(paths, _COLOURS, strict=False)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">{drawn}</svg>'
    )
    data = base64.b64encode(svg.encode()).decode()
    legend = f"{', then '.join(series)} of {', '.join(bars)}, from left to right"
    return f"{title}: {legend}\n\n![{title}](data:image/svg+xml;base64,{data})"


def _bar(left: float, share: float, width: int) -> str:
    height = round((_HEIGHT - 2 * _MARGIN) * share)
    return f"M{round(left)} {_HEIGHT - _MARGIN}v-{height}h{width}v{height}z"


def _line(values: Sequence[float], top: float, colour: str) -> str:
    steps = max(1, len(values) - 1)
    points = [
        (
            round(_MARGIN + (_WIDTH - 2 * _MARGIN) * index / steps),
            round(_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * value / top),
        )
        for index, value in enumerate(values)
    ]
    path = " ".join(f"{x},{y}" for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}"/>'
        f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
    )
