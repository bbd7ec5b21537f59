"""Charts as Vega-Lite, which Streamlit draws with its interpreter and so under our policy without `unsafe-eval`. Pure.

Plain JSON, since Altair would only write the same and costs half a second to import. A chart has no legend of its own: the
key stands below it as HTML, where it wraps on a phone, can be read aloud and leads on. Colours are those of `style.css`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from staycurrent.i18n import language

Spec = dict[str, Any]
SHEET = Path(__file__).with_name("style.css")
SHAPES = {"circle": "●", "square": "■", "triangle-up": "▲", "diamond": "◆", "triangle-down": "▼", "cross": "✚"}
"""Vega's point shapes with the sign that stands for each in the key: colour alone tells no line from another."""
MOST_LINES = len(SHAPES)
HEIGHT = 300
NUMBERS = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": "%"},
    "de": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""], "percent": "\N{NO-BREAK SPACE}%"},
}
"""How Vega writes the numbers of an axis, by language."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a period. `shown` is the value in the reader's words; None is a gap. A `running` period is not over."""

    period: str
    value: float | None
    shown: str
    running: bool = False


@cache
def colours() -> Mapping[str, tuple[str, str]]:
    """The colours of the style sheet by name, each light and dark."""
    found = re.findall(r"--sc-([\w-]+): light-dark\((#\w+), (#\w+)\)", SHEET.read_text("utf-8"))
    return {name: (light, dark) for name, light, dark in found}


def colour(name: str, *, dark: bool) -> str:
    """A colour of the style sheet in one theme."""
    return colours()[name][dark]


def lines(series: Mapping[str, Sequence[Point]], title: str, *, dark: bool, shares: bool = True) -> Spec:
    """Shares or counts over periods, a line for each name; what leads to a running period is dashed, its point hollow."""
    names = list(series)
    rows = [{**_row(p), "name": name} for name, points in series.items() for p in points if p.value is not None]
    whole = [row for row in rows if not row["running"]]
    open_ends = [row for name in names for row in _tail([r for r in rows if r["name"] == name])]
    inks = [colour(f"series-{n}", dark=dark) for n in range(1, len(names) + 1)]
    coded = {
        "color": {"field": "name", "type": "nominal", "scale": {"domain": names, "range": inks}, "legend": None},
        "shape": {"field": "name", "type": "nominal", "scale": {"domain": names, "range": list(SHAPES)}, "legend": None},
    }
    ground = colour("page", dark=dark)
    places = {"x": _x([p.period for p in next(iter(series.values()), ())]), "y": _y(shares=shares, stack=None)}
    hollow = {"condition": {"test": "datum.running", "value": ground}, "field": "name", "type": "nominal"}
    points = {**places, **coded, "fill": hollow | {"scale": coded["color"]["scale"], "legend": None}, "tooltip": _tooltip()}
    line = {**places, "color": coded["color"]}
    return _framed(
        title,
        dark,
        {"data": {"values": whole}, "mark": {"type": "line", "strokeWidth": 2}, "encoding": line},
        {"data": {"values": open_ends}, "mark": {"type": "line", "strokeWidth": 2, "strokeDash": [3, 3]}, "encoding": line},
        {"data": {"values": rows}, "mark": {"type": "point", "size": 42, "strokeWidth": 1.5, "opacity": 1}, "encoding": points},
    )


def stacked(series: Mapping[str, Sequence[Point]], inks: Sequence[str], title: str, *, dark: bool, shares: bool = True) -> Spec:
    """Shares or counts that make up a whole, as one bar for each period; the bar of a running one is paler."""
    names = list(series)
    rows = [
        {**_row(p), "name": name, "order": n}
        for n, (name, points) in enumerate(series.items())
        for p in points
        if p.value is not None
    ]
    encoding = {
        "x": _x([p.period for p in next(iter(series.values()), ())]),
        "y": _y(shares=shares, stack="zero") | ({"scale": {"domain": [0, 1]}} if shares else {}),
        "order": {"field": "order"},
        "color": {"field": "name", "type": "nominal", "scale": {"domain": names, "range": list(inks)}, "legend": None},
        "opacity": {"condition": {"test": "datum.running", "value": 0.55}, "value": 1},
        "tooltip": _tooltip(),
    }
    edge = {"stroke": colour("page", dark=dark), "strokeWidth": 1}
    return _framed(title, dark, {"data": {"values": rows}, "mark": {"type": "bar", **edge}, "encoding": encoding})


def calibration(rows: Sequence[tuple[float, float, str]], names: tuple[str, str], title: str, *, dark: bool) -> Spec:
    """What was promised against what came true, both as shares, each with its words; the diagonal is what should be."""
    promised, right = names
    values = [{"promised": p, "right": r, "shown": shown} for p, r, shown in rows]
    share = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    axis = {"format": "~%", "values": [0, 0.25, 0.5, 0.75, 1], "domain": False, "titleFontWeight": "normal"}
    places = {
        "x": {"field": "promised", **share, "axis": {**axis, "title": promised}},
        "y": {"field": "right", **share, "axis": {**axis, "title": right}},
    }
    ends = [{"promised": end, "right": end} for end in (0, 1)]
    ink, quiet = colour("series-1", dark=dark), colour("quiet", dark=dark)
    dots = {"type": "point", "size": 48, "filled": True, "opacity": 1, "color": ink}
    return _framed(
        title,
        dark,
        {"data": {"values": ends}, "mark": {"type": "line", "strokeDash": [4, 4], "color": quiet}, "encoding": places},
        {"data": {"values": values}, "mark": {"type": "line", "strokeWidth": 2, "color": ink}, "encoding": places},
        {
            "data": {"values": values},
            "mark": dots,
            "encoding": places | {"tooltip": {"field": "shown", "type": "nominal", "title": " "}},
        },
    )


def _row(point: Point) -> dict[str, Any]:
    return {"period": point.period, "value": point.value, "shown": point.shown, "running": point.running}


def _tail(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last two points of a line where it ends in a running period."""
    return rows[-2:] if rows and rows[-1]["running"] else []


def _x(periods: Sequence[str]) -> Spec:
    axis = {"title": None, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 10, "ticks": False, "labelLimit": 120}
    return {"field": "period", "type": "ordinal", "scale": {"domain": list(periods)}, "axis": axis}


def _y(*, shares: bool, stack: str | None) -> Spec:
    kind = {"format": "~%"} if shares else {"format": ",d", "tickMinStep": 1}
    axis = {"title": None, "tickCount": 5, "domain": False, **kind}
    return {"field": "value", "type": "quantitative", "stack": stack, "axis": axis}


def _tooltip() -> list[Spec]:
    return [{"field": field, "type": "nominal", "title": " "} for field in ("name", "period", "shown")]


def _framed(title: str, dark: bool, *layers: Spec) -> Spec:
    quiet = colour("quiet", dark=dark)
    inks = {"labelColor": quiet, "titleColor": quiet, "gridColor": colour("line", dark=dark)}
    axis = {**inks, "labelFontSize": 12, "titleFontSize": 12}
    numbers = {"number": NUMBERS[language()]}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": title,
        "height": HEIGHT,
        "layer": list(layers),
        "config": {"view": {"stroke": None}, "axis": axis, "axisX": axis, "axisY": axis, "locale": numbers},
    }
