"""The command line: the whole way on a small street, and one line for everything wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.made.full_disk import files_of_at_most

import oddframe
from oddframe.cli import main
from oddframe.cli.arguments import parse_arguments
from oddframe.cli.verbs import VERBS
from oddframe.evaluation.result import Evaluation
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores


@pytest.fixture
def cli(capsys):
    """Runs a command: exit status, standard output, standard error."""

    def run(*words):
        capsys.readouterr()
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def refused(cli):
    """Runs a command that must end with one line on standard error and status 2."""

    def run(*words) -> str:
        status, _, err = cli(*words)
        assert status == 2
        assert err.startswith("oddframe: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert "Traceback" not in err
        return err

    return run


@pytest.fixture(scope="module")
def truth(street, tmp_path_factory):
    """A folder with a test set of the street, its manifest and its scores."""
    root = tmp_path_factory.mktemp("truth")
    (root / "street" / "test").mkdir(parents=True)
    for name in ("calm", "fast", "large"):
        shutil.copy(street.root / f"{name}.mp4", root / "street" / "test")
    words = ["prepare", "folder", root / "street", "--out", root / "test.jsonl", "--events"]
    assert main([str(word) for word in [*words, street.root / "events.csv"]]) == 0
    words = ["score", street.run, root / "test.jsonl", "--out", root / "scores.npz"]
    assert main([str(word) for word in words]) == 0
    return root


def test_help_and_version(cli):
    for words in ((), ("--help",), ("-h",)):
        status, out, err = cli(*words)
        assert (status, err) == (0, "")
        assert all(f"  {verb} " in out for verb in VERBS)
    assert cli("--version") == (0, f"oddframe {oddframe.__version__}\n", "")


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_explains_its_options(cli, verb):
    status, out, err = cli(verb, "--help")
    assert (status, err) == (0, "")
    assert f"usage: oddframe {verb}" in out
    assert not re.search(r"--[a-z]+_", out), "docs and messages write --val-share"
    assert "\\x08" not in out
    assert "\b" not in out
    # They write where the tracker says, into the state folder, into the run, or print alone.
    assert "--out OUT" in out or verb in (
        "cite",
        "completion",
        "doctor",
        "info",
        "learn",
        "serve",
        "track",
        "watch",
    )
    assert "`" not in out, "marks of docstrings"
    assert not {"<class", "Optional["} & set(re.split(r"\s|(?<=\[)", out)), "Python's words"


def test_what_is_missing_is_named_as_it_is_written(cli):
    assert "train: missing --out, the run" in cli("train")[2]
    assert "evaluate: missing scores, manifest, --out; see" in cli("evaluate")[2]


def test_a_folder_where_the_kind_of_data_set_belongs_is_told_what_comes_before_it(cli, tmp_path):
    said = cli("prepare", tmp_path, "--out", tmp_path / "m.jsonl")[2]
    assert f"missing root; before '{tmp_path}' comes dataset, such as 'folder' for" in said


def test_what_needs_no_name_is_explained_too(cli):
    for verb, said in {"compare": "sweep folders", "track": "run folders", "fetch": "list"}.items():
        positional = cli(verb, "--help")[1].partition("positional")[2].partition("options:")[0]
        assert said in positional


def test_the_command_line_starts_without_heavy_packages():
    heavy = ["torch", "cv2", "scipy", "av", "matplotlib", "onnxruntime", "numpy", "rich"]
    code = (
        "import sys, oddframe.cli; oddframe.cli.main(['--help']); "
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == "[]\n"


def test_the_package_lists_its_public_names():
    assert set(dir(oddframe)) == {*oddframe.__all__, "__version__"}
    assert all(hasattr(oddframe, name) for name in dir(oddframe))


def test_train_says_what_to_do_next(street, street_run, cli):
    status, out, err = cli("train", street.root / "normal", "--out", street_run, "--resume")
    assert (status, err) == (0, "")
    assert f"next: oddframe score {street_run} VIDEO --report" in out
    assert f"oddframe drill {street_run}" in out
    assert "\n  threshold " in out
    assert "threshold: threshold" not in out


def test_a_run_without_a_threshold_is_not_sent_to_a_drill(tmp_path, cli):
    status, out, err = cli("train", "--detector", "unmasking", "--out", tmp_path / "run")
    assert (status, err) == (0, "")
    assert "next: oddframe score" in out
    assert "oddframe drill" not in out


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (["--report"], True),
        (["--report", "true"], True),
        (["--report=true"], True),
        (["--report", "false"], False),
        ([], False),
    ],
)
def test_a_switch_works_with_and_without_a_value(street, cli, tmp_path, words, page):
    short = street.film(tmp_path / "short.mp4", street.images(0.5, 5))
    status, out, _ = cli("score", street.run, short, *words, "--out", tmp_path / "s" / "a.npz")
    assert status == 0
    assert (tmp_path / "s" / "report" / "report.html").exists() == page
    assert ("report: " in out) == page
    # In front of the video a bare switch must not swallow it.
    parsed = parse_arguments("score", "", oddframe.score, [str(street.run), *words, str(short)])
    assert (parsed["footage"], parsed["report"]) == ([short], page)


def test_a_camera_owners_two_commands(street, street_run, cli):
    """`train` was run by the fixture; this is `oddframe score run new.mp4 --report`."""
    status, out, err = cli("score", street_run, street.root / "fast.mp4", "--report")
    assert (status, err) == (0, "")
    folder = street_run / "scores" / "fast"
    assert re.search(r"odd moments? in 1 of 1 video", out)
    assert re.search(r"fast  0:0[23]\.\d to 0:0[567]\.\d  score \d+\.\d\d  ", out)
    assert f"scores: {folder / 'scores.npz'}" in out
    page = (folder / "report" / "report.html").read_text()
    assert "Odd moments in fast.mp4" in page
    events = json.loads((folder / "events.json").read_text())["videos"]["fast"]
    assert events["fps"] == 12.5
    peaks = [event["peak"] for event in events["events"]]
    scores = Scores.read(folder / "scores.npz")["fast"]
    maps = np.load(folder / "maps" / "fast.npy")
    assert maps.shape[0] == len(scores)
    # Where the score is high, so is the map.
    assert maps.reshape(len(maps), -1).max(axis=1)[peaks].min() > np.median(scores)


def test_nothing_odd(street, cli, tmp_path):
    words = ("--threshold", 50, "--maps", "false")
    status, out, _ = cli(
        "score", street.run, street.root / "calm.mp4", *words, "--out", tmp_path / "a.npz"
    )
    assert status == 0
    assert "nothing odd in 1 video\nthreshold 50, given by hand\n" in out


def test_evaluate_with_labels(street, truth, cli, tmp_path):
    manifest = truth / "test.jsonl"
    status, out, err = cli(
        "evaluate", truth / "scores.npz", manifest, "--out", tmp_path, "--resamples", 50
    )
    assert (status, err) == (0, "")
    assert "3 videos, 300 frames, 76 of them anomalous" in out
    found = Evaluation.read(tmp_path)
    assert found.metrics["micro_auc"].value > 0.9
    assert found.protocol
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert out.endswith(f"\nreport: {tmp_path / 'report.html'}\n")
    constant = next(v for k, v in found.baselines.items() if "constant" in k)
    assert constant["micro_auc"].value == 0.5


def test_compare_with_another_score_set(street, truth, cli, tmp_path):
    scores = Scores.read(truth / "scores.npz")
    random = np.random.default_rng(0)
    np.savez(tmp_path / "noise.npz", **{k: random.random(len(scores[k])) for k in scores})
    status, out, err = cli(
        *("compare", truth / "scores.npz", tmp_path / "noise.npz"),
        *("--manifest", truth / "test.jsonl", "--out", tmp_path / "c", "--resamples", 50),
    )
    assert (status, err) == (0, "")
    assert "noise" in out
    assert (tmp_path / "c" / "comparison.html").exists()
    assert f"\nreport: {tmp_path / 'c' / 'comparison.html'}\n" in out
    rows = (tmp_path / "c" / "metrics.csv").read_text()
    # The folder's name says more than "scores.npz".
    assert {row.split(",")[0] for row in rows.splitlines()[1:]} == {truth.name, "noise"}


@pytest.mark.parametrize("names", ["a,b", "[a, b]", "a, b", '["a", "b"]'])
def test_a_list_has_commas_and_perhaps_brackets(names):
    words = ["x.npz", "y.npz", "--out", "c"]
    for given in (["--names", names], [f"--names={names}"]):
        parsed = parse_arguments("compare", "", oddframe.compare, [*words, *given])
        assert parsed["names"] == ["a", "b"]


def test_names_from_the_command_line(truth, cli, tmp_path):
    words = ("compare", truth / "scores.npz", truth / "scores.npz", "--manifest")
    words = (*words, truth / "test.jsonl", "--resamples", 0, "--out", tmp_path)
    status, out, err = cli(*words, "--names", "[a, b]")
    assert (status, err) == (0, "")
    assert out.startswith("Micro AUC of a equals that of b")


def test_lists_of_one_and_of_numbers():
    parsed = parse_arguments(
        "losses", "", oddframe.losses, ["run", "--splits", "val", "--seed", "3"]
    )
    assert (parsed["splits"], parsed["seed"]) == (["val"], 3)
    assert parse_arguments("losses", "", oddframe.losses, ["run", "--splits=5,6"])["splits"] == [
        "5",
        "6",
    ]
    words = ["footage", "--out", "out", "--mean", "-0.5,1,2e-1"]
    assert parse_arguments("extract", "", oddframe.extract, words)["mean"] == (-0.5, 1.0, 0.2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("score r v --threshold high", "--threshold: expected a number, found 'high'"),
        ("extract v --out o --snippet-length 2.5", "--snippet-length: expected a whole number, "),
        ("score r v --report=maybe", "--report: expected true or false, found 'maybe'"),
        ("extract v --out o --mean 1,2", "--mean: expected 3 numbers with commas between, found"),
        ("losses r --splits [a", "--splits: expected a list such as a,b, found '[a'"),
        ("losses r --splits --seed 1", "argument --splits: expected one argument"),
        ("compare a b --out o --manifest m --names [1,2]", "such as a,b, found '[1, 2]'"),
        ("train v --out o --settings 5", "--settings: expected NAME: VALUE pairs, found '5'"),
        ("score r v --config wrong.yaml", "--threshold: expected a number, found 'high'"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_wants(refused, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.yaml").write_text("threshold: high")
    found = refused(*words.split())
    assert message in found
    assert found.endswith(f"; see 'oddframe {words.split()[0]} --help'\n")
    for word in ("Union", "class", "Parser", "Subtypes"):
        assert word not in found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [", "in YAML; line 1: expected the node content"),
        (b"just text", ", keys and values, found words"),
        (b"", ", keys and values, found nothing"),
        (b"seed: 1\nseed: 2\n", "line 2: the key 'seed' a second time"),
        (b"a: " + b"[" * 200_000, "values within values"),
        (b"\x80\x00\x01", "found other data"),
        (None, ", found a pipe"),
    ],
)
def test_options_are_read_as_other_yaml_is(refused, tmp_path, content, message):
    path = tmp_path / "o.yaml"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_bytes(content)
    for option in (("--config", path), (f"--config={path}",)):
        found = refused("score", "r", "v", *option)
        assert f"{path}: expected a file of options" in found
        assert message in found
    assert "found a folder" in refused("score", "r", "v", "--config", tmp_path)
    assert "found no such file" in refused("score", "r", "v", "--config", tmp_path / "no.yaml")


def test_options_of_any_encoding_and_length_are_read(refused, tmp_path):
    path = tmp_path / "o.yaml"
    text = f"settings: {{names: [{', '.join(['name'] * 5000)}]}}\ncausal: 3\n"
    path.write_text(text, encoding="utf-16")
    assert "--causal: expected true or false" in refused("score", "--config", path, "r", "v")


def test_options_from_a_file(street, cli, tmp_path):
    out = tmp_path / "s" / "a.npz"
    (tmp_path / "options.yaml").write_text(f"causal: true\nthreshold: 9.5\nout: {out}\n")
    config = tmp_path / "options.yaml"
    video = street.film(tmp_path / "short.mp4", street.images(0.5, 5))
    status, _, err = cli("score", "--config", config, street.run, video)
    assert (status, err) == (0, "")
    meta = Scores.read(out).meta
    assert meta["causal"] is True
    assert meta["threshold"] == 9.5


def test_unknown_verbs_options_and_settings(street, refused, tmp_path):
    normal, out = street.root / "normal", tmp_path / "run"
    assert "unknown verb 'hark'; use one of demo, prepare" in refused("hark", "cam")
    assert "unknown verb 'scroe'; did you mean 'score'? use" in refused("scroe", "run", "a.mp4")
    video = street.root / "calm.mp4"
    for option in ("--colour", "--colour=red"):
        found = refused("score", street.run, video, option, "red")
        assert "score: unknown option '--colour'; see 'oddframe score --help'" in found
    for option, meant in {"--treshold": "threshold", "--per-vidoe": "per-video"}.items():
        assert f"; did you mean '{meant}'? see" in refused("score", street.run, video, option, 1)
    found = refused("drill", street.run, video, "b.mp4", "--out", out)
    assert "'b.mp4' is one argument too many; a path" in found
    assert "several videos are given as the folder that they are in; see" in found
    assert "b.mp4: no such video, folder or manifest" in refused(
        "score", street.run, video, "b.mp4"
    )
    for word, said in {
        "rtsp://a@cam//1/": "rtsp://***@cam//1/: footage must be a",
        "": "empty",
    }.items():
        assert said in refused("score", street.run, word)
        assert said.replace("footage", "out") in refused("train", normal, f"--out={word}")
    assert "missing --out" in refused("train", normal)
    assert "missing run" in refused("score")
    assert "a run is missing that scores it" in refused("score", normal)
    assert "--settings.colour: fixed-camera has no such setting" in refused(
        "train", normal, "--out", out, "--settings.colour", 1
    )
    assert "--settings.fit_looks: expected a number" in refused(
        "train", normal, "--out", out, "--settings.fit_looks", "x"
    )
    assert "unknown detector" in refused("train", normal, "--out", out, "--detector", "crystal")
    assert "2^63 - 1, found -1" in refused(
        "prepare", "folder", normal, "--out", tmp_path / "m.jsonl", "--seed=-1"
    )
    assert "unknown data set" in refused("prepare", "ped3", normal, "--out", tmp_path / "m.jsonl")
    assert "threshold" in refused(
        "score", street.run, street.root / "calm.mp4", "--threshold", "high"
    )
    assert "finite" in refused("score", street.run, street.root / "calm.mp4", "--threshold", ".nan")
    assert "nope.yaml" in refused("score", "--config", tmp_path / "nope.yaml", street.run, "a.mp4")
    assert "calm.mp4: --split chooses among a manifest's videos" in refused(
        "score", street.run, street.root / "calm.mp4", "--split", "val"
    )
    assert not out.exists()


def test_missing_and_unreadable_footage(street, refused, tmp_path):
    run = street.run
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("this is text\n" * 50)
    whole = (street.root / "calm.mp4").read_bytes()
    # An MP4 has its index at the end, so half of it does not open at all.
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "nothing.mp4").write_bytes(b"")
    for words in (("score", run), ("train",)):
        out = ("--out", tmp_path / ("a.npz" if words[0] == "score" else "run"))
        for name, message in {
            "missing.mp4": "missing.mp4: no such",
            "empty": "empty: expected videos",
            "text.mp4": "text.mp4: cannot be read as a video",
            "cut.mp4": "cut.mp4: cannot be read as a video",
            "nothing.mp4": "nothing.mp4: cannot be read as a video",
            "missing.jsonl": "missing.jsonl: expected a manifest, found no such file",
        }.items():
            assert message in refused(*words, tmp_path / name, *out)
    assert "empty: expected" in refused(
        "prepare", "folder", tmp_path / "empty", "--out", tmp_path / "m.jsonl"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cut.mp4",
        "empty",
        "nothing.mp4",
        "text.mp4",
    ]


def test_a_one_frame_video(street, cli, refused, tmp_path):
    with VideoWriter(tmp_path / "one.mp4", 12.5, (128, 80)) as writer:
        writer.write(street.images(0.1, 1)[0])
    out = tmp_path / "s" / "a.npz"
    status, _, err = cli("score", street.run, tmp_path / "one.mp4", "--report", "--out", out)
    assert (status, err) == (0, "")
    assert Scores.read(out)["one"].shape == (1,)
    assert "at least 4 seconds" in refused("train", tmp_path / "one.mp4", "--out", tmp_path / "r")


def test_labels_longer_than_the_video(street, refused, truth, tmp_path):
    (tmp_path / "events.csv").write_text("video,start_frame,end_frame\nfast,37,101\n")
    message = refused(
        *("prepare", "folder", truth / "street", "--events", tmp_path / "events.csv"),
        *("--out", tmp_path / "m.jsonl"),
    )
    assert "events.csv line 2" in message
    assert "101" in message
    assert "100 frames" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s["test/fast"].__setitem__(7, np.nan), "'test/fast': 1 of 100 values are NaN"),
        (lambda s: s.update({"test/fast": s["test/fast"][1:]}), "expected 100 values, one per"),
        (lambda s: s.update(slow=s.pop("test/fast")), "no scores for 'test/fast'; scores for unkn"),
        (lambda s: s.clear(), "holds no scores"),
    ],
)
def test_wrong_scores(truth, refused, tmp_path, change, message):
    scores = {k: v.copy() for k, v in Scores.read(truth / "scores.npz").values.items()}
    change(scores)
    np.savez(tmp_path / "bad.npz", **scores)
    words = ("evaluate", tmp_path / "bad.npz", truth / "test.jsonl", "--out", tmp_path / "e")
    assert message in refused(*words)
    assert message in refused(
        *("compare", tmp_path / "bad.npz", truth / "scores.npz", "--manifest"),
        *(truth / "test.jsonl", "--out", tmp_path / "c"),
    )
    assert not (tmp_path / "e" / "metrics.json").exists()


def test_evaluate_and_compare_with_wrong_files(truth, refused, tmp_path):
    scores, manifest = truth / "scores.npz", truth / "test.jsonl"
    (tmp_path / "text.npz").write_text("text")
    out = ("--out", tmp_path / "e")
    assert "found no such file" in refused("evaluate", tmp_path / "no.npz", manifest, *out)
    assert "text.npz" in refused("evaluate", tmp_path / "text.npz", manifest, *out)
    assert "expected a manifest, found no such file" in refused(
        "evaluate", scores, tmp_path / "no.jsonl", *out
    )
    assert "expected a manifest" in refused("evaluate", scores, scores, *out)
    assert "no score maps" in refused("evaluate", scores, manifest, *out, "--maps", tmp_path)
    assert "--resamples: expected 0 or more" in refused(
        "evaluate", scores, manifest, *out, "--resamples=-1"
    )
    assert "found -1" in refused("evaluate", scores, manifest, *out, "--seed=-1")
    twice = ("compare", scores, scores, "--names", "[a, b]", "--manifest", manifest, *out)
    assert "found -1" in refused(*twice, "--seed=-1")
    assert "--resamples: expected 0 or more" in refused(*twice, "--resamples=-1")
    assert "at least two" in refused("compare", scores, "--manifest", manifest, *out)
    assert "gone: expected scores, a run or a sweep, found nothing" in refused(
        "compare", tmp_path / "gone", *out
    )
    assert "different names" in refused(
        "compare", scores, scores, "--manifest", manifest, *out, "--names", "[a, a]"
    )


def test_a_run_from_another_version_or_none(street, street_run, refused, tmp_path):
    import torch

    video = street.root / "calm.mp4"
    assert "no such run folder" in refused("score", tmp_path / "no", video)
    assert "not a finished run" in refused("score", tmp_path, video)
    content = torch.load(street_run / "checkpoint.pt", weights_only=True)
    torch.save(content | {"format": "oddframe-run/9"}, tmp_path / "checkpoint.pt")
    message = refused("score", tmp_path, video)
    assert "found 'oddframe-run/9'" in message
    assert "train again" in message
    whole = (street_run / "checkpoint.pt").read_bytes()
    (tmp_path / "checkpoint.pt").write_bytes(whole[: len(whole) // 2])
    assert "expected the checkpoint of a run" in refused("score", tmp_path, video)
    assert "finished run already" in refused("train", street.root / "normal", "--out", street_run)


def test_scores_must_be_an_npz(street, refused, tmp_path):
    message = refused("score", street.run, street.root / "calm.mp4", "--out", tmp_path / "a.csv")
    assert "a.csv: the scores file must end in .npz" in message
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_one(street, truth, refused, tmp_path):
    (tmp_path / "file").write_text("x")
    place = tmp_path / "file" / "inside"
    video = street.root / "calm.mp4"
    assert "cannot write" in refused("score", street.run, video, "--out", place / "a.npz")
    assert "cannot write (Not a directory)" in refused(
        "evaluate", truth / "scores.npz", truth / "test.jsonl", "--out", place
    )
    assert "Not a directory" in refused("train", street.root / "normal", "--out", place)


def test_a_full_disk_while_scoring(street, refused, tmp_path):
    with files_of_at_most(4096):
        said = refused("score", street.run, street.root / "calm.mp4", "--out", tmp_path / "s.npz")
    assert "cannot write (File too large)" in said
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_stop_by_the_keyboard_is_one_line(cli, monkeypatch, tmp_path):
    import oddframe.verbs.prepare as module

    def stopped(dataset: str, root: Path, out: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "prepare", stopped)
    status, _, err = cli("prepare", "folder", tmp_path, "--out", tmp_path / "m.jsonl")
    assert (status, err) == (
        130,
        "oddframe: stopped; give the same command again to go on or begin\n",
    )


def test_readme_has_commands_that_install_from_a_fresh_clone():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 3
    assert commands[0].endswith("&& .venv/bin/oddframe demo")
    assert commands[1].endswith(" torch --index-url https://download.pytorch.org/whl/cpu")
    assert commands[2].endswith("&& .venv/bin/pytest")
    for command in commands:
        # All are shell that parses, and pin what was tested.
        subprocess.run(["bash", "-n", "-c", command], check=True)
        assert " -c constraints.txt " in command


def test_the_run_of_the_street_is_left_as_it_was(street):
    assert read_run(street.run).config["verb"] == "train"


def test_what_cannot_be_read_among_good_footage_has_a_status_of_its_own(street, cli, tmp_path):
    footage = tmp_path / "normal"
    footage.mkdir()
    for seed in range(2):
        street.film(footage / f"{seed}.mp4", street.images(5, seed))
    (footage / "bad.mp4").write_text("this is text\n" * 50)
    run = tmp_path / "run"
    for words in (
        ("prepare", "folder", footage, "--out", tmp_path / "m.jsonl"),
        ("extract", footage, "--out", tmp_path / "features"),
        ("train", footage, "--out", run, *street.options()),
        ("train", footage, "--out", run, *street.options(), "--resume"),
        ("score", run, footage, "--maps", "false"),
    ):
        status, out, _ = cli(*words)
        assert status == 3
        assert f"{footage / 'bad.mp4'}: cannot be read as a video" in out
    # What was read is there, and with good footage alone the status is 0.
    assert set(Scores.read(run / "scores" / "normal" / "scores.npz")) == {"0", "1"}
    assert cli("score", run, tmp_path / "m.jsonl", "--split", "train")[0] == 0


def test_a_warning_is_shown_once(tmp_path, capsys):
    frames = tmp_path / "frames"
    frames.mkdir()
    for index in (1, 2, 4):
        cv2.imwrite(str(frames / f"{index:03d}.png"), np.zeros((16, 16), np.uint8))
    for _ in range(2):  # but again by the next command
        main(["prepare", "folder", str(tmp_path), "--out", str(tmp_path / "m.jsonl")])
        assert capsys.readouterr().err.count("image numbers missing: 3") == 1
