"""YAML files: bombs, depth and strange values are one line; what is written is read again."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.files.yaml_table import Dumper, YamlTable, read_yaml

BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "aliases that stand for more than 100,000 values"),
        ("a: &a [*a]", "aliases that stand for"),
        ("a: " + "[" * 100_000, "too deep|line 1"),
        ("a: " + "{b: " * 20_000, "too deep|line 1"),
        ("a: " + "1" * 5000, "thousands of digits"),
        ("a: " + "1" * 30, "a whole number that is too large"),
        ('a: "\\ud800"', "half a character"),
        ("a: !!binary aGk=", "bytes"),
        ("a: !!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("a: !!set {b}", "set"),
        ("? [1, 2]\n: 3", "line 1|unhashable"),
        ("a: b\0", "other data"),
        ("- a", "keys and values, found a list"),
        ("", "keys and values, found nothing"),
    ],
)
def test_what_no_such_file_holds(tmp_path, text, message):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(OddframeError, match=rf"a\.yaml: .*({message})"):
        read_yaml(path, "a recipe")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("~nobody-of-this-name/x", "of somebody who has a folder here, found '~nobody-of"),
        ("a\0b", "'a.out': expected a path, found text with a zero byte"),
        ("", "'a.out': expected a path, found empty text"),
        (["x" * 5000], "'a.out': expected a path, found"),
    ],
)
def test_what_is_no_path(tmp_path, value, message):
    table = YamlTable(tmp_path / "f.yaml", {"out": value}, ("out",), "a")
    with pytest.raises(OddframeError) as caught:
        table.path("out")
    assert message in str(caught.value)
    assert str(tmp_path / "f.yaml") in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_key_of_any_length_is_told_in_a_line(tmp_path):
    with pytest.raises(OddframeError, match="unknown key 'xxx") as caught:
        YamlTable(tmp_path / "f.yaml", {"x" * 5000: 1}, ("out",))
    assert len(str(caught.value)) < 400


def test_long_file_is_not_read(tmp_path):
    path = tmp_path / "a.yaml"
    with path.open("wb") as stream:
        stream.truncate(1 << 33)
    with pytest.raises(OddframeError, match="at most 4 MB are read"):
        read_yaml(path, "a recipe")


def test_dates_stay_words(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("out: 2026-11-28\nrate: 1e-3\nbase: &b [1]\nagain: *b\n")
    assert read_yaml(path, "a recipe") == {
        "out": "2026-11-28",
        "rate": 0.001,
        "base": [1],
        "again": [1],
    }


WORDS = st.text(min_size=1, max_size=4)


@given(st.dictionaries(WORDS, WORDS | st.floats(-9, 9), max_size=3))
@example({"\x85": "a\u2028b"})
def test_what_is_written_is_read(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("yaml") / "a.yaml"
    content = {**content, "e": "1e5"}
    path.write_text(yaml.dump(content, Dumper=Dumper, allow_unicode=True), encoding="utf-8")
    assert read_yaml(path, "a config") == content
