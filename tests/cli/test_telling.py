"""Rows for programs, silence, and an exit status that says whether something was odd."""

import csv
import io
import json
import shutil

import pytest

import oddframe
from oddframe.cli import main
from oddframe.cli.records import as_csv, as_json


@pytest.fixture(scope="module")
def results(street, tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    return folder / "scores.npz"


def ended(capsys, *words):
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_each_event_is_a_line_of_json_and_the_text_is_beside_it(street, results, capsys):
    words = "score", street.run, street.root / "fast.mp4", "--out", results
    status, out, err = ended(capsys, *words, "--json", "--exit-code")
    assert status == 1
    rows = [json.loads(line) for line in out.splitlines()]
    told = json.loads((results.parent / "events.json").read_text())["videos"]["fast"]
    assert [{k: v for k, v in row.items() if k not in ("video", "threshold")} for row in rows] == (
        told["events"]
    )
    assert {row["video"] for row in rows} == {"fast"}
    assert rows[0]["threshold"] < rows[0]["peak_score"]
    assert "1 odd moment in 1 of 1 video" in err
    # The same in Python.
    found = oddframe.score(street.run, street.root / "fast.mp4", out=results)
    assert json.loads(json.dumps(found.rows())) == rows
    assert found.odd == 1


def test_a_table_has_a_head_and_the_same_values(street, results, capsys):
    words = "score", street.run, street.root / "fast.mp4", "--out", results
    assert ended(capsys, *words)[0] == 0, "without --exit-code it is done"
    status, out, err = ended(capsys, *words, "--csv", "--quiet")
    (row,) = csv.DictReader(io.StringIO(out))
    found = oddframe.score(street.run, street.root / "fast.mp4", out=results).rows()[0]
    assert (status, err) == (0, "")
    assert float(row["peak_score"]) == found["peak_score"]
    assert json.loads(row["boxes"]) == json.loads(json.dumps(found["boxes"]))
    assert row["reason"] == found["reason"]


def test_footage_without_anything_odd_has_no_rows_and_ends_well(street, results, capsys):
    normal = next((street.root / "normal").glob("*.mp4"))
    words = "score", street.run, normal, "--out", results.with_name("normal.npz")
    for form in ("--json", "--csv"):
        status, out, err = ended(capsys, *words, form, "--exit-code", "--quiet")
        assert (status, out, err) == (0, "", "")


def test_quiet_is_nothing_but_warnings_and_errors(street, results, capsys, tmp_path):
    words = "score", street.run, street.root / "fast.mp4", "--out", results
    assert ended(capsys, *words, "--quiet") == (0, "", "")
    status, out, err = ended(capsys, "score", street.run, tmp_path / "gone.mp4", "--quiet")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    two = tmp_path / "two"
    two.mkdir()
    shutil.copy(street.root / "fast.mp4", two)
    (two / "cut.mp4").write_bytes((street.root / "fast.mp4").read_bytes()[:3000])
    out_of_two = tmp_path / "out" / "scores.npz"
    status, out, err = ended(capsys, "score", street.run, two, "--out", out_of_two, "--quiet")
    assert (status, out) == (3, "")
    assert "oddframe: left out: cut: " in err
    assert "odd moment" not in err


def test_other_verbs_refuse_what_they_do_not_have(street, capsys):
    status, _, err = ended(capsys, "cite", "rtfm", "--json")
    assert (status, err.count("\n")) == (2, 1)
    assert "--json is of other verbs" in err
    status, _, err = ended(capsys, "info", street.run, "--json", "--csv")
    assert status == 2
    assert "give one of --json and --csv" in err
    assert ended(capsys, "info", street.run, "--exit-code")[0] == 2


def test_help_names_them_where_they_are_had(capsys):
    said = ended(capsys, "score", "--help")[1]
    assert all(option in said for option in ("--json", "--csv", "--quiet", "--exit-code"))
    said = ended(capsys, "prepare", "--help")[1]
    assert "--quiet" in said
    assert "--exit-code" not in said


def test_rows_are_read_again_as_they_were():
    rows = [
        {"name": 'café, "5"', "value": 1.5, "parts": [1, 2]},
        {"name": "two\nlines", "other": None},
    ]
    assert [json.loads(line) for line in as_json(rows).splitlines()] == rows
    found = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert [row["name"] for row in found] == [row["name"] for row in rows]
    assert json.loads(found[0]["parts"]) == [1, 2]
    assert found[1]["value"] == ""
    assert as_csv([{"name": "=1+1"}]) == "name\n'=1+1"
    assert as_csv([]) == as_json([]) == ""
