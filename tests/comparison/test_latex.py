"""The LaTeX table, read back by a small reader of tables; no LaTeX is needed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.comparison.latex import latex_table, tex
from oddframe.comparison.paired_differences import PairedDifference
from oddframe.comparison.published_numbers import PROTOCOLS, Published, published_for
from oddframe.comparison.result import Comparison
from oddframe.evaluation.result import Measured

ESCAPES = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    **{f"\\{c}": c for c in "{}$&#%_"},
}
READ = re.compile("|".join(re.escape(key) for key in ESCAPES))


def rows(table):
    """The rows between the rules, each a list of cells, comments left out."""
    lines = [line for line in table.splitlines() if not line.lstrip().startswith("%")]
    text = "\n".join(lines)
    body = text.split(r"\toprule")[1].split(r"\bottomrule")[0].replace(r"\midrule", "")
    parts = re.split(r"\\\\(?:\[2pt\])?\s*\n", body)
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)&", part)] for part in parts if part.strip()
    ]


def comparison(models, differences=(), **more):
    metrics = {
        name: {
            "micro_auc": Measured(value, value - 0.05, value + 0.05),
            "average_precision": Measured(value / 2, value / 2 - 0.01, value / 2 + 0.01),
            "macro_auc": Measured(None, note="no mixed video"),
        }
        for name, value in models.items()
    }
    found = [
        PairedDifference(
            *(first, second, "micro_auc", Measured(gap, low, high), ""), clear=low > 0 or high < 0
        )
        for first, second, gap, low, high in differences
    ]
    return Comparison("toy", "test", 12, 100, 3, metrics, found, **more)


def test_rows_and_columns_of_what_was_measured():
    table = latex_table(comparison({"one": 0.8, "two": 0.9}))
    head, one, two = rows(table)
    assert head == ["Model", "Micro AUC", r"\shortstack{Average \\ precision}"]
    assert one[:2] == ["one", r"0.800 {\scriptsize [0.750, 0.850]}"]
    assert two[1] == r"\textbf{0.900} {\scriptsize [0.850, 0.950]}"
    assert "no mixed video" not in table
    assert "Macro" not in table
    comments = [line for line in table.splitlines() if line.startswith("%")]
    assert any("12 videos" in line for line in comments)
    assert any("100 resamples" in line and "seed 3" in line for line in comments)


def test_bold_are_the_best_and_what_cannot_be_told_from_it():
    found = comparison(
        {"best": 0.9, "near": 0.89, "far": 0.7, "unknown": 0.6},
        [
            ("best", "near", 0.01, -0.01, 0.03),
            ("far", "best", -0.2, -0.3, -0.1),
            ("near", "unknown", 0.0, -0.1, 0.1),
        ],
    )
    bold = {row[0] for row in rows(latex_table(found)) if r"\textbf" in row[1]}
    assert bold == {"best", "near"}
    assert "Not every pair was compared" in latex_table(found)


def test_doubtful_models_are_never_bold_and_say_why():
    found = comparison(
        {"honest": 0.7, "flattered": 0.9}, doubts={"flattered": ["scaled\nper clip"]}
    )
    table = latex_table(found)
    honest, flattered = rows(table)[1:]
    assert r"\textbf" in honest[1]
    assert r"\ddagger" in flattered[0]
    assert r"\textbf" not in flattered[1]
    assert "% flattered (double dagger): scaled per clip" in table.splitlines()


def test_lower_is_better_for_the_equal_error_rate():
    metrics = {
        name: {"equal_error_rate": Measured(value)} for name, value in (("a", 0.2), ("b", 0.4))
    }
    table = latex_table(Comparison("toy", "test", 2, 0, 0, metrics, []))
    assert [row[1] for row in rows(table)[1:]] == [r"\textbf{0.200}", "0.400"]
    assert "Nothing was resampled" in table


def test_oracle_and_published_come_below_rules_of_their_own():
    found = comparison(
        {"one": 0.5, "two": 0.6}, oracle={"one": {"micro_auc": Measured(0.99, 0.98, 1.0)}}
    )
    table = latex_table(found, published_for("ucf-crime"))
    measured, oracle, published = re.split(r"\\multicolumn\{3\}\{l\}", table)
    assert "0.99" not in measured
    assert "0.843" not in measured + oracle
    assert "Oracle" in oracle
    assert "0.990" in oracle
    assert r"\textbf" not in oracle
    assert r"\textbf" not in published
    row = next(row for row in rows(table) if r"\textit{RTFM" in row[0])
    assert r"\dagger" in row[0]
    assert row[1] == r"\textit{0.843}"
    assert row[2] == ""
    # A letter leads from the row to its remark.
    row = next(row for row in rows(table) if r"\textit{MGFN (" in row[0])
    letters = re.search(r"\\dagger ([a-z,]+)", row[0])[1].split(",")
    remarks = dict(re.findall(r"\$\^\{([a-z]+)\}\$([^$]*)", table.split(r"\bottomrule")[1]))
    assert any("wrong ground truth" in remarks[letter] for letter in letters)
    assert set(remarks.values()) >= {
        tex(PROTOCOLS["weak"]) + "; ",
        tex(PROTOCOLS["training-free"]) + "; ",
    }


@pytest.mark.parametrize("metric", ["micro_auc", "rbdc"])
def test_published_metrics_that_are_no_column_are_left_out(metric):
    row = Published("X_1", "", "toy", metric, 0.5, "p", "s", "50 % & more")
    table = latex_table(comparison({"one": 0.5, "two": 0.6}), [row])
    assert ("X\\_1" in table) == (metric == "micro_auc")
    assert ("50 \\% \\& more" in table) == (metric == "micro_auc")


def test_seeds_are_said_in_the_caption_and_in_comments():
    found = comparison({"one": 0.8, "two": 0.9}, repeats={"one": {"micro_auc": [0.7, 0.8, 0.9]}})
    table = latex_table(found)
    assert "several seeds" in table.split(r"\caption")[1].splitlines()[0]
    assert any(
        line.startswith(
            "% one: mean of 3 seeds; micro_auc 0.8000, standard deviation over seeds 0.1000"
        )
        for line in table.splitlines()
    )


@given(st.text(min_size=1, max_size=12))
def test_any_name_is_one_cell_of_balanced_text(name):
    table = latex_table(comparison({name: 0.8, "the other": 0.9}, origins={name: name}))
    cells = rows(table)[1]
    assert len(cells) == 3
    printable = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not set(printable) & set('"“”’–'):
        assert READ.sub(lambda m: ESCAPES[m[0]], cells[0]) == printable
    code = "\n".join(line for line in table.splitlines() if not line.startswith("%"))
    bare = re.sub(r"\\[\\{}$&#%_]", "", code)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "%" not in bare
    assert "#" not in bare
    # After a line's end, an opening bracket or a star would be read as its option.
    assert not re.search(r"\\\\(?!\[2pt\])\s*[\[*]", code)
    begun, ended = re.findall(r"\\begin\{(\w+)\}", code), re.findall(r"\\end\{(\w+)\}", code)
    assert sorted(begun) == sorted(ended)
