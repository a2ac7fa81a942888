"""Reading text and JSON that somebody gives: every encoding, every kind of damage, one line."""

from __future__ import annotations

import codecs
import json
import os
import socket
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.files.text_files import decode, parse_json, read_json, read_text, shown
from oddframe.scores.frame_scores import Scores

ENCODINGS = [
    (b"", "utf-8"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
]
WORDS = "naïve größe\nzweite\u2028Zeile\r\n"


def failure(call: object, *arguments: object) -> str:
    with pytest.raises(OddframeError) as caught:
        call(*arguments)  # ty: ignore[call-non-callable]
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_with_any_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(WORDS.encode(encoding))
    assert read_text(file, "a text") == WORDS


@pytest.mark.parametrize("members", [["xl/workbook.xml"], ["mimetype", "content.xml"], None])
def test_a_spreadsheet_is_known_by_its_content(tmp_path: Path, members: list[str] | None) -> None:
    file = tmp_path / "a.csv"
    if members is None:
        file.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512))
    else:
        with zipfile.ZipFile(file, "w") as archive:
            for member in members:
                archive.writestr(member, "<a/>")
    assert "found a spreadsheet; save it as CSV" in failure(read_text, file, "a table")
    other = file.rename(tmp_path / "scores.xlsx")
    assert "found a spreadsheet; save it as CSV" in failure(Scores.read, other)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("größe".encode("cp1252"), "0xf6 on line 1; save the file as UTF-8 (in Excel"),
        ("a\nñ".encode("latin-1"), "0xf1 on line 2; save the file as UTF-8"),
        ("a,b".encode("utf-16-le"), "found other data"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "found other data"),
        (b"\xff\xfea", "found other data"),
        (b"a\0b", "found other data; give another file, or save this one as UTF-8 text"),
        (b"\xed\xa0\x80", "0xed on line 1"),  # a surrogate, written as if it were a character
    ],
)
def test_anything_else_is_said_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    said = failure(read_text, file, "a table")
    assert words in said
    assert said.startswith(f"{file}: expected a table as UTF-8 text, found")


def test_what_is_not_a_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe, door, link = tmp_path / "pipe", tmp_path / "door", tmp_path / "link"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(door))
        assert "found a socket; give it as a file" in failure(read_text, door, "a manifest")
    link.symlink_to(tmp_path / "gone")
    assert "found a pipe; give it as a file" in failure(read_json, pipe, "a manifest")
    assert "found a device" in failure(read_text, Path("/dev/zero"), "a manifest")
    assert "found a folder" in failure(read_text, tmp_path, "a manifest")
    assert "a link to a file that is not there" in failure(read_text, link, "a manifest")
    assert "found no such file" in failure(read_text, tmp_path / "link" / "a", "a manifest")
    assert "null byte" in failure(read_text, tmp_path / "a\0b", "a manifest")
    assert "too long" in failure(read_text, tmp_path / ("a" * 300), "a manifest")


def test_missing_file_says_what_to_do_and_a_long_one_its_size(tmp_path: Path) -> None:
    with pytest.raises(OddframeError, match=r"found no such file; make one$"):
        read_text(tmp_path / "a", "a manifest", advice="make one")
    file = tmp_path / "b"
    with file.open("wb") as stream:
        stream.truncate(3_000_001)
    with pytest.raises(OddframeError, match="found 3 MB; at most 2 MB are read"):
        read_text(file, "a manifest", limit=2_000_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 200_000, "too deep"),
        ('{"a":' * 200_000, "too deep"),
        ("1" * 5_000, "thousands of digits"),
        ("[NaN]", "NaN, which JSON does not have"),
        ("-Infinity", "-Infinity, which JSON does not have"),
        ("1e999", "the number 1e999, which is too large"),
        ('{"a": 1, "a": 2}', "the key 'a' a second time"),
        ("", "Expecting value at column 1"),
        ("[1,\n 2,,]", "at line 2 column 4"),
        ("{'a': 1}", "Expecting property name"),
        ('"a\tb"', "control character"),
    ],
)
def test_json_that_is_none_is_one_line(text: str, words: str) -> None:
    said = failure(parse_json, text, "x.json: expected scores")
    assert words in said
    assert said.startswith("x.json: expected scores, found")
    assert len(said) < 200


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    )
)
def test_json_is_read_as_it_was_written(value: object) -> None:
    assert parse_json(json.dumps(value), "x") == value


@given(st.text())
def test_other_text_is_a_value_or_an_error_of_ours(text: str) -> None:
    with suppress(OddframeError):
        assert parse_json(text, "x") == json.loads(text)


@given(st.binary())
def test_other_bytes_are_a_text_or_an_error_of_ours(content: bytes) -> None:
    with suppress(OddframeError):
        text = decode(content, "x", "a text")
        assert content in [mark + text.encode(name) for mark, name in ENCODINGS]


def test_a_value_in_a_message_is_short_and_printable() -> None:
    assert len(shown(list(range(1000)))) < 60
    assert len(shown("a" * 10_000)) < 70
    assert len(shown([[0.123456789012345] * 100] * 100)) <= 160
    assert len(shown({str(i): {"a" * 60: [["b" * 60] * 9] * 9} for i in range(9)})) <= 160
    assert shown("a\x1b[2J\u202e") == r"'a\x1b[2J\u202e'"
