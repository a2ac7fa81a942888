"""Letters stand on their base line, are as high as their font says, and are all drawn."""

import numpy as np
import pytest

from oddframe.reporting.drawing.lettering import Lettering

CAPITALS = 0.729
"""Height of capitals of DejaVu Sans, of the size of the font."""


def ink(text, bold=False, size=40):
    image = np.zeros((90, 400, 3), np.uint8)
    Lettering(size, bold).draw(image, text, 10, 60, (255, 0, 0))
    assert not image[..., 1:].any()
    return image[..., 0]


def test_capitals_stand_on_the_base_line():
    rows = np.flatnonzero(ink("HE").max(axis=1) > 100)
    assert rows[-1] == 59
    assert len(rows) == pytest.approx(40 * CAPITALS, abs=1)
    columns = np.flatnonzero(ink("HE").max(axis=0) > 100)
    assert 10 <= columns[0] <= 16


def test_some_letters_go_below_it_and_bold_ones_hold_more_ink():
    assert np.flatnonzero(ink("g").max(axis=1) > 100)[-1] > 62
    assert ink("odd", bold=True).sum() > 1.3 * ink("odd").sum()


def test_letters_of_many_tongues_and_a_box_for_what_there_is_not():
    forms = [ink(letter).tobytes() for letter in "aäąЖλ×…→日"]
    assert len(set(forms)) == len(forms)
    assert ink("日").tobytes() == ink("語").tobytes()
    assert ink("日").any()


def test_a_text_is_cut_to_its_room():
    letters = Lettering(13)
    for room in (0, 5, 40, 100, 1000):
        cut = letters.fit("a line of many words", room)
        assert letters.width(cut) <= room or not cut
        assert cut == "a line of many words" or cut.endswith("…") or not cut
    assert letters.fit("a line of many words", 1000) == "a line of many words"


def test_what_leaves_the_picture_is_cut_off_and_a_line_stays_one():
    image = np.zeros((20, 30, 3), np.uint8)
    Lettering(30).draw(image, "WWW\nWWW", -15, 18, (9, 9, 9))
    assert image.any()
    Lettering(30).draw(image, "", 0, 18, (9, 9, 9))
