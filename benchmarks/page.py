"""The figures in `docs/performance.md`: what stands between its markers is replaced by what a run found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import goals, plot, report
from .results import Results
from .toolchain import HERE
from .workloads import WORKLOADS

DOCS = HERE.parent / "docs"
BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


class PageError(Exception):
    """The page cannot take the figures; the text says what was expected of it."""


def write(results: Results, docs: Path = DOCS) -> None:
    """The tables into the page, the pictures beside it. Raises PageError before anything is written."""
    path = docs / "performance.md"
    text = replaced(path.read_text(), figures(results), path)
    plot.write(results, docs / "images")
    path.write_text(text)


def replaced(text: str, figures: str, path: Path) -> str:
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin or text.count(BEGIN) > 1 or text.count(END) > 1:
        raise PageError(f"{path}: expected one line {BEGIN} and, after it, one line {END}")
    return f"{text[: begin + len(BEGIN)]}\n{figures}\n{text[end:]}"


def figures(results: Results) -> str:
    """All that stands between the markers, in Markdown."""
    parts = [*map(_origin, results.runs), _PICTURE, "### Goals", goals.table(results)]
    parts += ["### Times as good", _RATIOS, report.ratio_table(WORKLOADS, results)]
    parts += ["### Figures", _FIGURES, report.figure_table(WORKLOADS, results)]
    growth = report.growth_table(WORKLOADS, results)
    if growth is not None:
        parts += ["### Growth", _GROWTH, growth]
    if results.failures:
        parts += ["### Failed", "\n".join(f"- {failure}" for failure in results.failures)]
    return "\n\n".join(parts)


def _origin(run: Mapping[str, Any]) -> str:
    facts = run["facts"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    measured = run["workloads"]
    which = "All" if len(measured) == len([w for w in WORKLOADS if w.in_default]) else ", ".join(measured)
    return (
        f"{which}: measured on {facts['date']}, {run['rounds']} rounds of {run['duration_s']:g} s, on {facts['cores']} "
        f"cores of {facts['processor']}, {facts['memory_gb']:g} GB, Linux {facts['kernel']}, where appending 4 KB and "
        f"`fdatasync` takes {facts['fsync_ms']:g} ms. {versions}."
    )


_PICTURE = """<picture>
  <source media="(prefers-color-scheme: dark)" srcset="images/performance-dark.svg">
  <img src="images/performance-light.svg" width="830" alt="How many times as good as its baseline each server is, by workload; the tables below say the same in numbers.">
</picture>"""  # noqa: E501
_RATIOS = (
    "Each round's figure by that of the baseline in the same round: the median, with (least – most). Over 1 is better,"
    " for times and memory too."
)
_FIGURES = "Medians of the rounds, with (least – most)."
_GROWTH = "The product beside what is stored already; times in ms."
