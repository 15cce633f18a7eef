"""The picture: each workload's peers as multiples of what their user would pick instead, on a logarithmic axis.

SVG with its text as text, in a light and a dark variant; the same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import report
from .results import Results
from .workloads import WORKLOADS, Figure, Workload

VARIANTS = ("light", "dark")
_WIDTH_PX, _PX_PER_INCH = 830, 72
_BAR_PX, _GAP_PX, _HEAD_PX, _FOOT_PX = 10, 9, 62, 26
_NEXT_HEAD_PX = 36
_LEFT_PX, _RIGHT_PX = 262, 52
#: What one would pick instead is the line at 1; of the rest ours stands out, and what no server can pass is a mark.
_BARS = ("product", "engine", "replaced", "python-socketio")
_MARK = "floor"
_TITLES = {"node": "1 is socket.io on Node.js, in memory", "replaced": "1 is Express on PostgreSQL"}
_LEGEND = {
    "product": "product: StockENT Messaging, durable",
    "engine": "engine: its Socket.IO server alone",
    "replaced": "replaced: socket.io, Express, PostgreSQL",
    "python-socketio": "python-socketio on uvicorn",
    "floor": "floor: C, one send() each",
}


@dataclass(frozen=True)
class _Colours:
    text: str
    faint: str
    grid: str
    floor: str
    bars: dict[str, str]


_COLOURS = {
    "light": _Colours(
        "#1f2328", "#59636e", "#d1d9e0", "#1f2328",
        {"product": "#0969da", "engine": "#54aeff", "replaced": "#bc8c4f", "python-socketio": "#a8b1ba"},
    ),
    "dark": _Colours(
        "#f0f6fc", "#9198a1", "#3d444d", "#f0f6fc",
        {"product": "#4493f8", "engine": "#1b5fb4", "replaced": "#b08650", "python-socketio": "#656c76"},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Row:
    label: str
    ratios: dict[str, float]

    @property
    def bars(self) -> list[str]:
        return [peer for peer in _BARS if peer in self.ratios]

    @property
    def height_px(self) -> float:
        return max(1, len(self.bars)) * _BAR_PX + _GAP_PX


def write(results: Results, folder: Path) -> list[Path]:
    """Write `performance-light.svg` and `performance-dark.svg`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"performance-{variant}.svg" for variant in VARIANTS]
    for path, variant in zip(paths, VARIANTS, strict=True):
        _draw(results, path, _COLOURS[variant])
    return paths


def _draw(results: Results, path: Path, colours: _Colours) -> None:
    # Needed for the picture alone, and slow to load.
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    panels = {base: rows for base in _TITLES if (rows := _rows(results, base))}
    heights = [sum(row.height_px for row in rows) for rows in panels.values()]
    total = sum(heights) + _HEAD_PX + (len(heights) - 1) * _NEXT_HEAD_PX + len(heights) * _FOOT_PX
    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "stockent",
        "font.family": ["sans-serif"],
        "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
        "font.size": 11,
        "text.color": colours.text,
    }
    with mpl.rc_context(settings):
        canvas = Canvas(figsize=(_WIDTH_PX / _PX_PER_INCH, total / _PX_PER_INCH), dpi=_PX_PER_INCH)
        top = total
        for number, ((base, rows), height) in enumerate(zip(panels.items(), heights, strict=True)):
            top -= _HEAD_PX if number == 0 else _NEXT_HEAD_PX
            box = (_LEFT_PX / _WIDTH_PX, (top - height) / total,
                   1 - (_LEFT_PX + _RIGHT_PX) / _WIDTH_PX, height / total)  # fmt: skip
            axes = canvas.add_axes(box)
            _panel(axes, rows, height, colours)
            _title(axes, _TITLES[base], rows, height, colours, legend=number == 0)
            top -= height + _FOOT_PX
        canvas.savefig(path, format="svg", transparent=True, metadata={"Date": None})


def _rows(results: Results, base: str) -> list[_Row]:
    return [
        _Row(_label(workload, figure), ratios)
        for workload in WORKLOADS
        if workload.baseline == base
        for figure in workload.compared_figures
        if (ratios := _medians(results, workload, figure))
    ]


def _medians(results: Results, workload: Workload, figure: Figure) -> dict[str, float]:
    found = {
        peer: report.times_as_good(results, workload, figure, peer)
        for peer in (*_BARS, _MARK)
        if peer != workload.baseline
    }
    return {peer: each.median for peer, each in found.items() if each is not None}


def _label(workload: Workload, figure: Figure) -> str:
    return workload.about if workload.compared == 1 else f"{workload.about}: {figure.name}"


def _panel(axes: Any, rows: Sequence[_Row], height: float, colours: _Colours) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    all_ratios = [ratio for row in rows for ratio in row.ratios.values()]
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, min(all_ratios) / 1.4), max(2.2, max(all_ratios) * 1.12))
    axes.set_ylim(height, 0)
    axes.patch.set_alpha(0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="both", length=0, labelsize=10, colors=colours.faint)
    axes.grid(axis="x", which="major", color=colours.grid, linewidth=0.7)
    axes.set_axisbelow(True)
    _bars(axes, rows, colours)
    axes.axvline(1, color=colours.text, linewidth=1.3)


def _bars(axes: Any, rows: Sequence[_Row], colours: _Colours) -> None:
    top: float = _GAP_PX / 2
    ticks = []
    for row in rows:
        size = max(1, len(row.bars)) * _BAR_PX
        ticks.append(top + size / 2)
        for place, peer in enumerate(row.bars):
            ratio, at = row.ratios[peer], top + (place + 0.5) * _BAR_PX
            axes.barh(at, ratio - 1, left=1, height=_BAR_PX - 1.5, color=colours.bars[peer], zorder=3)
            ours = peer in ("product", "engine")
            axes.annotate(
                f"{ratio:.2g}" if ratio < 9.95 else f"{ratio:.0f}", (ratio, at), zorder=5,
                xytext=(4 if ratio >= 1 else -4, 0), textcoords="offset points", va="center_baseline",
                ha="left" if ratio >= 1 else "right", fontsize=9, color=colours.text if ours else colours.faint,
                fontweight="bold" if peer == "product" else "normal",
            )  # fmt: skip
        if _MARK in row.ratios:
            floor = row.ratios[_MARK]
            axes.vlines(floor, top, top + size, color=colours.floor, linewidth=2.2, zorder=4)
        top += size + _GAP_PX
    axes.set_yticks(ticks, [row.label for row in rows])
    axes.tick_params(axis="y", length=0, labelsize=11, colors=colours.text)


def _title(
    axes: Any, title: str, rows: Sequence[_Row], height: float, colours: _Colours, *, legend: bool
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    axes.annotate(
        title + "; more is better", (-_LEFT_PX + 8, height + (_HEAD_PX - 16 if legend else 14)),
        xycoords="axes pixels", fontsize=12, fontweight="bold", va="center",
    )  # fmt: skip
    if not legend:
        return
    there = {peer for row in rows for peer in row.ratios}
    handles: list[Any] = [
        Patch(color=colours.bars[peer], label=_LEGEND[peer]) for peer in _BARS if peer in there
    ]
    if _MARK in there:
        mark: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 2.2, "linestyle": "none"}
        handles.append(Line2D([], [], color=colours.floor, label=_LEGEND[_MARK], **mark))
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-_LEFT_PX + 2, height + 4), ncols=3, frameon=False,
        bbox_transform=_pixels(axes), fontsize=10, handlelength=1.1, columnspacing=1.4, handletextpad=0.5,
        borderpad=0.2, labelspacing=0.25,
    )  # fmt: skip


def _pixels(axes: Any) -> Any:
    """Coordinates in pixels from the lower left corner of the axes."""
    from matplotlib.transforms import Affine2D

    box = axes.get_window_extent()
    return Affine2D().translate(box.x0, box.y0)
