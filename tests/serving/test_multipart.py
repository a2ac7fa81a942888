"""A form with a file is the same however it is cut into pieces."""

import pytest

from oddframe.errors import OddframeError
from oddframe.serving.multipart import Begun, Multipart, boundary_of

FORM = (
    b'--XX\r\nContent-Disposition: form-data; name="run"\r\n\r\nabc\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="video"; filename="a b.mp4"\r\n'
    b"Content-Type: video/mp4\r\n\r\n\r\n--X\r\n--XY\r\n\r\n\0\xff--XX\r\n--XX--\r\n"
)
WANTED = [
    (Begun("run", None), b"abc"),
    (Begun("empty", None), b""),
    (Begun("video", "a b.mp4"), b"\r\n--X\r\n--XY\r\n\r\n\0\xff--XX"),
]


def taken_apart(form: Multipart, pieces: list[bytes]) -> list[tuple[Begun, bytes]]:
    found: list[tuple[Begun, bytes]] = []
    for piece in pieces:
        for part in form.fed(piece):
            if isinstance(part, Begun):
                found.append((part, b""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + part)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 64, 10_000])
@pytest.mark.parametrize("before", [b"", b"a preamble\r\n"])
def test_it_is_the_same_in_pieces_of_any_size(size, before):
    content = before + FORM
    form = Multipart(boundary_of('multipart/form-data; boundary="XX"'))
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    # A mark in a line of its own ends a field, and one that does not end there is content.
    assert taken_apart(form, pieces) == WANTED
    assert form.is_whole


def test_one_that_ends_early_is_not_whole():
    form = Multipart(b"XX")
    assert [begun for begun, _ in taken_apart(form, [FORM[:-6]])] == [row[0] for row in WANTED]
    assert not form.is_whole


def test_a_header_without_end_is_refused():
    with pytest.raises(OddframeError, match="expected a form"):
        list(Multipart(b"XX").fed(b"--XX\r\n" + b"a" * 10_000))


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=X"]
)
def test_another_kind_of_body_is_refused(kind):
    with pytest.raises(OddframeError, match="expected a form"):
        boundary_of(kind)
