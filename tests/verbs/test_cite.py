"""Whom to cite, on the command line."""

import pytest

import oddframe
from oddframe.cli import main


def test_a_run_is_cited_by_its_method_and_oddframe_comes_last(street, capsys):
    assert main(["cite", str(street.run)]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line.startswith("@")] == [
        "@inproceedings{tan2019efficientnet,",
        "@inproceedings{kroeger2016fast,",
        "@software{oddframe,",
    ]


def test_a_name_and_nothing_at_all():
    assert [one.key for one in oddframe.cite("rtfm").references] == ["tian2021weakly", "oddframe"]
    assert [one.key for one in oddframe.cite("random-scores").references] == ["oddframe"]
    assert [one.key for one in oddframe.cite().references] == ["oddframe"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "rtmf",
            "rtmf: expected a run folder, or the name of a detector, a backbone or a data set; "
            "did you mean 'rtfm'?",
        ),
        ("{tmp}", "not a run, checkpoint.pt is missing; name a run or a detector"),
    ],
)
def test_what_is_neither_is_one_line(what, said, tmp_path, capsys):
    assert main(["cite", what.format(tmp=tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
