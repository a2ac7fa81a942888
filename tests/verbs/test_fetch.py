"""The list of addresses and what the verb refuses."""

import re
from urllib.parse import urlsplit

import pytest

from oddframe.cli import main
from oddframe.files.addresses import ADDRESSES


@pytest.mark.parametrize("words", [["fetch"], ["fetch", "list"]])
def test_the_list_names_everything(capsys, words):
    assert main(words) == 0
    out = capsys.readouterr().out
    for address in ADDRESSES:
        assert f"\n  {address.name}\n" in out
        assert address.url in out
    assert "no published sha256" in out


def test_the_table_is_sound():
    names = [address.name for address in ADDRESSES]
    assert len(set(names)) == len(names)
    files = [address.file for address in ADDRESSES if address.file]
    assert len(set(files)) == len(files)
    for address in ADDRESSES:
        parts = urlsplit(address.url)
        assert parts.scheme in ("http", "https")
        assert "." in parts.netloc
        assert address.licence
        assert re.match(r"(weights|features|data set|annotations): ", address.what)
        assert address.sha256 is None or re.fullmatch("[0-9a-f]{64}", address.sha256)
        # A page has nothing to download, so nothing to check.
        assert address.file or (address.size is None and address.sha256 is None)


def test_pages_and_unknown_names(capsys, tmp_path):
    assert main(["fetch", "ucf-crime", "--out", str(tmp_path / "x")]) == 2
    assert "a page to visit" in capsys.readouterr().err
    assert main(["fetch", "ucf-crimes"]) == 2
    err = capsys.readouterr().err
    assert "unknown name 'ucf-crimes'" in err
    assert "i3d-inception" in err
    assert err.count("\n") == 1
