"""CSV: every spreadsheet's habits are read; what is written is text, numbers, and no formula."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.files.csv_files import number_in, read_csv, write_csv

quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@quick
@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=4))
def test_what_is_written_is_read_by_python_and_nothing_begins_a_formula(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    path = write_csv(tmp_path / "a.csv", ("first", "second"), rows)
    with path.open(newline="", encoding="utf-8") as stream:
        head, *found = csv.reader(stream, strict=True)
    assert head == ["first", "second"]
    assert len(found) == len(rows)
    for row, given_row in zip(found, rows, strict=True):
        for cell, text in zip(row, given_row, strict=True):
            assert cell == text or (cell == f"'{text}" and text[0] in "=+-@\t\r\n＝＋－＠")
            assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_numbers_stay_numbers_and_line_ends_are_inside_quotes(tmp_path: Path) -> None:
    rows = [("a\rb", -0.5, None, True), ("=1+1", 3, 1e-9, "c\nd")]
    path = write_csv(tmp_path / "a.csv", ("-x", "value", "low", "note"), rows)
    assert path.read_bytes() == (
        b"'-x,value,low,note\n" + b'"a\rb",-0.5,,True\n' + b'\'=1+1,3,1e-09,"c\nd"\n'
    )


@quick
@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=4,
    ),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_other_programs_write_is_read(
    tmp_path: Path, rows: list[list[str]], separator: str, end: str, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.writer(
            stream, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_MINIMAL
        )
        writer.writerows([["video", "start", "end"], ["", " ", ""], *rows, ["", "", ""]])
    table = read_csv(path, "a table")
    assert [list(row.cells) for row in table.body()] == rows
    assert table.columns() == {"video": 0, "start": 1, "end": 2}
    assert table.decimal_comma == (separator != ",")


def test_a_row_is_named_by_the_line_that_it_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n\n"x\ny",1\n ,\nz,2\n')
    assert [row.where for row in read_csv(path, "a table").body()] == [
        f"{path} line 3",
        f"{path} line 6",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found nothing in it"),
        (" ,\n,\n", "found nothing in it"),
        ('a,b\nx,"y\nz,1\n', "line 2: .*unexpected end of data; check the quotes"),
        ('a,b\n"x"y,1\n', "line 2: .*check the quotes"),
        ("a" * 200_000, "field larger than field limit"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(OddframeError, match=words):
        list(read_csv(path, "a table").body())


@pytest.mark.parametrize(
    ("text", "plain", "comma"),
    [
        ("0.5", 0.5, 0.5),
        ("0,5", None, 0.5),
        ("-1e-9", -1e-9, -1e-9),
        (".5", 0.5, 0.5),
        ("5.", 5, 5),
        ("1.000,5", None, None),
        ("1,000,5", None, None),
        ("1_000", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("٣", None, None),
        ("0x10", None, None),
        ("", None, None),
    ],
)
def test_a_number_is_digits(text: str, plain: float | None, comma: float | None) -> None:
    assert number_in(text) == plain
    assert number_in(text, decimal_comma=True) == comma
