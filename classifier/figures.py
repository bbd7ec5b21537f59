"""The model card's pictures as plain SVG: a confusion matrix and a calibration curve. Values in, text out."""

from __future__ import annotations

from collections.abc import Sequence

CELL = 46
MARGIN = 74
SIDE = 320
INK = "#1f2937"
BLUE = (29, 78, 216)


def confusion(counts: Sequence[Sequence[int]], title: str) -> str:
    """Rows are labels, columns answers; the shade is the share of the row."""
    size = len(counts)
    parts = [
        _text(MARGIN + size * CELL / 2, 22, title, bold=True),
        _text(MARGIN + size * CELL / 2, 44, "level by the classifier"),
        _text(18, MARGIN + size * CELL / 2, "level by the label", turned=True),
    ]
    for row, line in enumerate(counts):
        parts.append(_text(MARGIN - 16, MARGIN + (row + 0.6) * CELL, str(row), bold=True))
        parts.append(_text(MARGIN + (row + 0.5) * CELL, MARGIN - 10, str(row), bold=True))
        for column, count in enumerate(line):
            share = count / max(1, sum(line))
            left, top = MARGIN + column * CELL, MARGIN + row * CELL
            parts.append(f'<rect x="{left}" y="{top}" width="{CELL}" height="{CELL}" fill="{_shade(share)}" stroke="#fff"/>')
            if count:
                ink = "#fff" if share > 0.45 else INK  # noqa: PLR2004 - where white reads better than ink
                parts.append(_text(left + CELL / 2, top + CELL * 0.6, str(count), ink=ink))
    return _svg(MARGIN + size * CELL + 16, MARGIN + size * CELL + 16, title, parts)


def calibration(points: Sequence[tuple[float, float, int]], title: str) -> str:
    """Confidence against accuracy; a dot's area is its number of papers, and the diagonal is perfect."""
    most = max((count for _, _, count in points), default=1)
    bottom = MARGIN + SIDE
    parts = [
        _text(MARGIN + SIDE / 2, 22, title, bold=True),
        _text(MARGIN + SIDE / 2, bottom + 46, "confidence"),
        _text(20, MARGIN + SIDE / 2, "share that is right", turned=True),
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#9ca3af"/>',
        f'<path d="M{MARGIN} {bottom}L{MARGIN + SIDE} {MARGIN}" stroke="#9ca3af" stroke-dasharray="5 5"/>',
    ]
    for tenth in range(0, 11, 2):
        place = tenth / 10 * SIDE
        parts.append(_text(MARGIN + place, bottom + 20, f"{tenth / 10:.1f}"))
        parts.append(_text(MARGIN - 20, bottom - place + 5, f"{tenth / 10:.1f}"))
    for confidence, right, count in points:
        radius = 3 + 11 * (count / most) ** 0.5
        parts.append(
            f'<circle cx="{MARGIN + confidence * SIDE:.1f}" cy="{bottom - right * SIDE:.1f}" r="{radius:.1f}" '
            f'fill="{_shade(1)}" fill-opacity="0.65">'
            f"<title>{count} papers: {confidence:.2f} sure, {right:.2f} right</title></circle>"
        )
    return _svg(MARGIN + SIDE + 24, bottom + 62, title, parts)


def _shade(share: float) -> str:
    red, green, blue = (round(255 + (channel - 255) * share) for channel in BLUE)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _text(x: float, y: float, words: str, *, bold: bool = False, turned: bool = False, ink: str = INK) -> str:
    weight = ' font-weight="bold"' if bold else ""
    turn = f' transform="rotate(-90 {x:g} {y:g})"' if turned else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{ink}" text-anchor="middle"{weight}{turn}>{words}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="14">'
    )
    return "\n".join([head, f"<title>{title}</title>", '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])
