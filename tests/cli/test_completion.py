"""Words are completed by the shells themselves, and the man page is read by man."""

import os
import subprocess

import pytest
from tests.made.programs import program

from oddframe.cli import main
from oddframe.cli.verbs import VERBS
from oddframe.detectors import available


@pytest.fixture
def script(capsys, tmp_path):
    def write(shell):
        assert main(["completion", shell]) == 0
        path = tmp_path / f"oddframe.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


def said(*command, **given):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **given)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def by_bash(script, *words):
    places = " ".join(f"'{word}'" for word in words)
    program_text = (
        f"source {script}; COMP_WORDS=({places}); COMP_CWORD={len(words) - 1}; _oddframe; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return said(program("bash", "bash"), "--norc", "-c", program_text).split()


def test_bash_completes_verbs_options_and_detectors(script):
    path = script("bash")
    assert set(by_bash(path, "oddframe", "")) == {*VERBS, "--help", "--version"}
    assert by_bash(path, "oddframe", "sc") == ["score"]
    assert by_bash(path, "oddframe", "score", "run", "--thr") == ["--threshold"]
    assert set(by_bash(path, "oddframe", "score", "--")) >= {"--json", "--quiet", "--exit-code"}
    assert by_bash(path, "oddframe", "train", "--detector", "stacked") == ["stacked-rnn"]
    assert set(by_bash(path, "oddframe", "train", "--detector", "")) >= set(available())
    assert by_bash(path, "oddframe", "score", "run") == [], "files, as bash does by itself"


def test_zsh_reads_it_and_knows_the_verbs(script, tmp_path):
    path = script("zsh")
    zsh = program("zsh", "zsh")
    said(zsh, "-n", str(path))
    # What would be shown is handed to _describe: it is asked in its place.
    asked = (
        (
            f"autoload -Uz compinit; compinit -u -d {tmp_path / 'dump'}; source {path}; "
            '_describe() {{ local list=$2; print -l -- "${{(@P)list}}"; }}; '
            "words=({words}); CURRENT={at}; _oddframe"
        )
        .replace("{{", "{")
        .replace("}}", "}")
    )
    found = said(zsh, "-f", "-c", asked.replace("{words}", "oddframe ''").replace("{at}", "2"))
    assert [line.partition(":")[0] for line in found.splitlines()] == list(VERBS)
    words = asked.replace("{words}", "oddframe score --thr").replace("{at}", "3")
    options = [line.partition(":")[0] for line in said(zsh, "-f", "-c", words).splitlines()]
    assert "--threshold" in options
    assert "--exit-code" in options


def by_fish(script, line, home):
    fish = program("fish", "fish")
    asked = f"source {script}; complete -C '{line}'"
    found = said(fish, "--no-config", "-c", asked, env={**os.environ, "HOME": str(home)})
    return [row.partition("\t")[0] for row in found.splitlines()]


def test_fish_completes_verbs_options_and_detectors(script, tmp_path):
    path = script("fish")
    assert set(by_fish(path, "oddframe ", tmp_path)) == set(VERBS)
    assert by_fish(path, "oddframe score --thr", tmp_path) == ["--threshold"]
    assert by_fish(path, "oddframe train --detector stacked", tmp_path) == ["stacked-rnn"]


def test_the_man_page_has_every_verb_and_no_complaint(script):
    path = script("man")
    man = program("man", "man-db")
    width = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
    page = said(man, "--warnings", "-l", str(path), env=width)
    assert page.splitlines()[0].startswith("ODDFRAME(1)")
    for verb in VERBS:
        assert f"\n   {verb}\n" in page
    assert "--threshold" in page
    assert "EXIT STATUS" in page


def test_another_shell_is_one_line(capsys):
    assert main(["completion", "tcsh"]) == 2
    error = capsys.readouterr().err
    assert error == "oddframe: completion: unknown shell 'tcsh'; use one of bash, zsh, fish, man\n"
