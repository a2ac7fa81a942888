"""The one rule for names: one spelling per id, nothing that acts on a terminal or ends a row."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.videos.names import checked_id, checked_name, require_files_apart

ACTING = [
    chr(code)
    for code in (
        *(0, 9, 10, 13, 0x1B, 0x7F, 0x85, 0x9B, 0x2028, 0x2029),
        *(0x202E, 0x2066, 0x200F, 0x200B, 0xFEFF, 0xD800),
    )
]


@pytest.mark.parametrize("character", ACTING)
def test_no_acting_character_gets_into_an_id(character: str) -> None:
    for given_id in (f"a{character}b", f"a/{character}", f"{character}a"):
        with pytest.raises(OddframeError) as caught:
            checked_id(given_id)
        assert str(caught.value).isprintable()
        str(caught.value).encode()


@pytest.mark.parametrize("character", [c for c in ACTING if c.strip()])
def test_nor_into_the_name_of_a_class(character: str) -> None:
    with pytest.raises(OddframeError, match="rename it"):
        checked_name(f"a{character}b")


def test_white_space_in_the_name_of_a_class_is_one_space() -> None:
    assert (
        checked_name(" lying\u2028down\x85\t on\r\nthe\u00a0floor\n") == "lying down on the floor"
    )


@pytest.mark.parametrize(
    "given_id",
    [
        "",
        " ",
        "a ",
        "_meta",
        ".",
        "..",
        "a/..",
        "../a",
        "/a",
        "a/",
        "a//b",
        "a/./b",
        "a/.b",
        "a\\b",
    ],
)
def test_other_spellings_and_paths_elsewhere_are_refused(given_id: str) -> None:
    with pytest.raises(OddframeError, match="an id"):
        checked_id(given_id)


def test_a_name_too_long_for_a_file_is_refused() -> None:
    assert checked_id("a" * 240 + "/" + "b" * 240)
    with pytest.raises(OddframeError, match=r"^.{400,550}more than 240 bytes"):
        checked_id("a" * 100_000)
    with pytest.raises(OddframeError, match="more than 240 bytes"):
        checked_id("ä" * 121)


@pytest.mark.parametrize(
    "given_id",
    [
        "test/evening",
        "v=5b7pdd2ZVuc__#1_label_B2-0-0",
        "Bildschirmfoto 2024-01-01 um 10.00.00\u202fAM",
        "a  b",
        "دوربین\u200cها",
        "кадр (1)",
        "👩\u200d👧",
        "-x",
        "CON",
        "a:b?",
    ],
)
def test_ordinary_names_of_files_stay_as_they_are(given_id: str) -> None:
    assert checked_id(given_id) == given_id


@given(st.text() | st.text("a./\\ _é\u0301"))
def test_an_id_has_one_spelling_and_one_file(text: str) -> None:
    with suppress(OddframeError):
        name = checked_id(text)
        assert PurePosixPath(name).as_posix() == name
        assert PurePosixPath("/folder", name).is_relative_to("/folder/")
        assert ".." not in PurePosixPath(name).parts
        assert checked_id(name) == name == checked_id(normalize("NFD", text))


@given(st.text(st.characters(codec=None)))
def test_messages_never_act_on_a_terminal(text: str) -> None:
    for error in (OddframeError(text), OddframeWarning(text)):
        said = str(error)
        said.encode()
        assert not set(said) & set("".join(ACTING))


def test_ids_that_differ_only_in_case_are_apart_where_the_disk_tells_them_apart(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "maps"
    require_files_apart(["a/B", "a/b", "c"], disk / "new" / "folder")
    disk.mkdir()
    (tmp_path / "MAPS").symlink_to(disk)  # so the disk answers to both, as those of macOS do
    require_files_apart(["a", "b"], disk)
    with pytest.raises(OddframeError, match="'a/B' and 'a/b' would be the same file"):
        require_files_apart(["a/B", "c", "a/b"], disk)
