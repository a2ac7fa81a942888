"""A comparison as a LaTeX table that any article can read with ``\\input`` and booktabs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from textwrap import wrap

import oddframe
from oddframe.comparison.published_numbers import Published
from oddframe.comparison.result import Comparison
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.comparison.sections.published import rows_of_methods
from oddframe.console.words import count
from oddframe.evaluation.metric_names import is_share, metric_name
from oddframe.evaluation.result import Measured
from oddframe.evaluation.seed_spread import SeedSpread

BESIDE = 2
"""With so many metrics, intervals stand beside the values; with more, below, for the width."""

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    **{character: f"\\{character}" for character in "{}$&#%_"},
    # After a line's end these would be read as its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "“": "``",
    "”": "''",
    "’": "'",
    "–": "--",
}


def latex_table(
    comparison: Comparison,
    published: Sequence[Published] = (),
    suspects: Collection[str] = (),
) -> str:
    """The main metrics as a ``table`` with booktabs rules; needs no package but booktabs.

    Measured models come first. A number is bold if it is the best of its column or cannot be told
    from the best, which is so where the interval of their paired difference includes zero.
    Checkpoints that were selected on the test videos follow as a group of their own, and so do
    published numbers, in italics, below a rule; neither is ever bold. Comments give the protocol.

    Args:
        comparison: the measured numbers.
        published: those of others; only metrics that are columns are shown.
        suspects: names of models whose numbers are not to be set beside honest ones; beside those
            in ``comparison.doubts``.
    """
    metrics = main_metrics(comparison)
    marked = {*comparison.doubts, *suspects}
    best = {metric: _best(comparison, metric, marked) for metric in metrics}
    lines = [*_comments(comparison, marked), r"\begin{table}", r"  \centering\small"]
    lines += [r"  \setlength{\tabcolsep}{4pt}", f"  \\caption{{{_caption(comparison, marked)}}}"]
    shown = [row for row in published if row.metric in metrics]
    # Long names of methods break, so that the table is not wider than the text.
    first = f"p{{{max(0.2, 0.9 - 0.16 * len(metrics)):.2f}\\linewidth}}" if shown else "l"
    lines.append(f"  \\begin{{tabular}}{{{first}{'c' * len(metrics)}}}")
    lines.append(r"    \toprule")
    heads = " & ".join(["Model", *(_head(metric) for metric in metrics)])
    lines += [f"    {heads} \\\\", r"    \midrule"]
    for name, row in comparison.models.items():
        label = tex(name) + (r"$^{\ddagger}$" if name in marked else "")
        bold = {metric for metric in metrics if name in best[metric]}
        lines += _row(label, row, metrics, bold)
    if comparison.oracle:
        lines += _group("Oracle: checkpoint chosen on the test videos, an upper bound", metrics)
        for name, row in comparison.oracle.items():
            lines += _row(f"{tex(name)}, oracle", row, metrics, set())
    remarks: dict[str, str] = {}
    if shown:
        lines += _group(r"Published, not measured here$^{\dagger}$", metrics)
        lines += [
            line for row in rows_of_methods(shown) for line in _published_row(row, metrics, remarks)
        ]
    lines += [r"    \bottomrule", r"  \end{tabular}"]
    if shown:
        lines.append(_footnote(remarks))
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"


def tex(text: str) -> str:
    """Plain text for LaTeX, on one line, with every special character escaped.

    Letters that are not Latin stay as they are, which XeLaTeX and LuaLaTeX can read.
    """
    return "".join(_SPECIAL.get(character, character) for character in _line(text))


def _line(text: str) -> str:
    """On one line and printable, since a line's end would end a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _best(comparison: Comparison, metric: str, marked: Collection[str]) -> set[str]:
    """The best honest model, and those that were compared with it and cannot be told from it."""
    values = {
        name: part.value
        for name, row in comparison.models.items()
        if name not in marked
        for part in [row.get(metric, Measured(None))]
        if part.value is not None
    }
    if not values:
        return set()
    choose = min if metric_name(metric).lower_is_better else max
    top = choose(values, key=lambda name: values[name])
    alike = {name for name, value in values.items() if value == values[top]}
    for d in comparison.differences:
        if d.metric != metric or top not in (d.first, d.second):
            continue
        other = d.second if d.first == top else d.first
        if other in values and d.value.low is not None and not d.clear:
            alike.add(other)
    return alike


def _row(
    label: str, row: Mapping[str, Measured], metrics: Sequence[str], bold: Collection[str]
) -> list[str]:
    values, reaches = [], []
    for metric in metrics:
        part = row.get(metric, Measured(None))
        value = "--" if part.value is None else f"{part.value:.3f}"
        values.append(f"\\textbf{{{value}}}" if metric in bold else value)
        known = part.low is not None and part.high is not None
        # The braces keep the bracket from being read as an option of the line's end before it.
        reaches.append(f"{{\\scriptsize [{part.low:.3f}, {part.high:.3f}]}}" if known else "")
    if len(metrics) <= BESIDE:
        cells = [f"{v} {r}".rstrip() for v, r in zip(values, reaches, strict=True)]
        return [f"    {' & '.join([label, *cells])} \\\\"]
    lines = [f"    {' & '.join([label, *values])} \\\\"]
    if any(reaches):
        lines.append(f"    {' & '.join(['', *reaches]).lstrip()} \\\\[2pt]")
    return lines


def _head(metric: str) -> str:
    """A metric's label over as many short lines as it takes."""
    lines = [tex(line) for line in wrap(metric_name(metric).label, 14)]
    return lines[0] if len(lines) == 1 else "\\shortstack{" + r" \\ ".join(lines) + "}"


def _group(title: str, metrics: Sequence[str]) -> list[str]:
    return [
        r"    \midrule",
        f"    \\multicolumn{{{1 + len(metrics)}}}{{l}}{{{title}}} \\\\",
    ]


def _published_row(
    row: Mapping[str, Published], metrics: Sequence[str], remarks: dict[str, str]
) -> list[str]:
    """A row in italics; its remarks get letters, which ``remarks`` collects."""
    one = next(iter(row.values()))
    notes = dict.fromkeys([one.protocol, *(part.note for part in row.values() if part.note)])
    letters = ",".join(remarks.setdefault(note, _letter(len(remarks))) for note in notes)
    label = f"{one.method} ({one.venue})" if one.venue else one.method
    cells = [f"\\textit{{{row[metric].printed}}}" if metric in row else "" for metric in metrics]
    head = f"\\raggedright\\textit{{{tex(label)}}}$^{{\\dagger {letters}}}$"
    comment = f"    % {_line(f'{label}: reported by {one.source}')}"
    return [comment, f"    {' & '.join([head, *cells])} \\\\"]


def _letter(place: int) -> str:
    """``a`` to ``z``, then ``aa`` and so on."""
    rest, last = divmod(place, 26)
    return (_letter(rest - 1) if rest else "") + chr(ord("a") + last)


def _caption(comparison: Comparison, marked: Collection[str]) -> str:
    parts = [
        f"{comparison.dataset}, split {comparison.split}: {count(comparison.videos, 'video')}."
    ]
    if comparison.resamples:
        parts.append(
            f"In brackets: 95 % intervals from {count(comparison.resamples, 'resample')} of whole "
            "videos. Bold: the best, and those that cannot be told from it (the interval of the "
            "paired difference, corrected for the number of pairs, includes zero)."
        )
    else:
        parts.append(
            "Bold: the best. Nothing was resampled, so it is not known what the others can be told "
            "from."
        )
    if comparison.repeats:
        parts.append(
            "Models that were trained with several seeds have the mean of their metrics; the "
            "intervals do not cover the chance in training."
        )
    models = len(comparison.models)
    if len({(d.first, d.second) for d in comparison.differences}) < models * (models - 1) / 2:
        parts.append("Not every pair was compared; those that were not are not bold.")
    said = tex(" ".join(parts))
    if any(name in comparison.models for name in marked):
        said += r" $^{\ddagger}$" + tex("Not to be set beside the others: see the comments.")
    return said


def _footnote(remarks: Mapping[str, str]) -> str:
    said = "; ".join(f"$^{{{letter}}}${tex(note)}" for note, letter in remarks.items())
    begin = "Published by others under protocols of their own; no difference to it is tested."
    return (
        r"  \par\smallskip\begin{minipage}{\linewidth}\footnotesize $^{\dagger}$"
        f"{tex(begin)} {said}.\\end{{minipage}}"
    )


def _comments(comparison: Comparison, marked: Collection[str]) -> list[str]:
    """What the numbers are, for whoever opens the file; LaTeX skips it."""
    lines = [
        f"Written by oddframe {oddframe.__version__}; needs \\usepackage{{booktabs}}.",
        f"Measured on {comparison.dataset}, split {comparison.split}, "
        f"{count(comparison.videos, 'video')}, from frame {comparison.skip_first} on.",
        f"Intervals: 95 %, {count(comparison.resamples, 'resample')} of whole videos, the same for "
        f"all models, bootstrap seed {comparison.seed}.",
        "Bold: the best of a column, and those whose paired difference to it has an interval that, "
        "corrected for the number of pairs, includes zero; a model that was not compared with the "
        "best is not bold.",
    ]
    if comparison.caution:
        lines.append(comparison.caution)
    lines += [f"{name}: {words}" for name, words in comparison.origins.items()]
    main = main_metrics(comparison)[:1]
    for name, metrics in comparison.repeats.items():
        for metric in main:
            finite = [value for value in metrics.get(metric, ()) if value is not None]
            if len(finite) > 1:
                spread = SeedSpread.of(finite, share=is_share(metric))
                lines.append(
                    f"{name}: mean of {spread.n} seeds; {metric} {spread.mean:.4f}, standard "
                    f"deviation over seeds {spread.standard_deviation:.4f}, 95 % t-interval of the "
                    f"mean, cut at 0 and 1, [{spread.low:.4f}, {spread.high:.4f}]"
                )
    for name in comparison.models:
        if name in marked:
            why = "; ".join(comparison.doubts.get(name, [])) or "its numbers are doubtful"
            lines.append(f"{name} (double dagger): {why}")
    return [f"% {_line(line)}" for line in lines]
