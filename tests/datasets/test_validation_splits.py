"""Named validation splits: drawn again from the official lists in the way that was published."""

import re

import numpy as np
import pytest

from oddframe.datasets.layouts.validation_splits import thesis_validation
from oddframe.datasets.layouts.weak_videos import Listed
from oddframe.datasets.ucf_crime import prepare_ucf_crime
from oddframe.errors import OddframeError
from oddframe.verbs.prepare import prepare


@pytest.fixture
def global_generator():
    """numpy's global generator, seeded as the published script does; put back afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(42)  # noqa: NPY002
    yield np.random
    np.random.set_state(state)  # noqa: NPY002


def test_ucf_crime(real_data, tmp_path, global_generator):
    root = real_data / "annotations" / "ucf-crime"
    names = [line.split("/")[1][:-4] for line in (root / "Anomaly_Train.txt").read_text().split()]
    normal = [name for name in names if name.startswith("Normal_Videos")]
    rows = [name for name in names if name not in set(normal)] + normal
    groups: dict[str, list[str]] = {}
    for name in rows:
        groups.setdefault(re.findall("^[a-zA-Z_]+", name)[0], []).append(name)
    wanted = set()
    for group in groups.values():
        chosen = global_generator.choice(range(len(group)), len(group), replace=False)
        count = 80 if group is groups["Normal_Videos"] else round(80 * len(group) / 800)
        wanted |= {group[i] for i in chosen[:count]}
    manifest = prepare("ucf-crime", root, tmp_path / "m.jsonl", val_split="thesis")
    assert {video.id for video in manifest.split("val")} == wanted
    assert len(wanted) == 161
    positions = [i for i, name in enumerate(sorted(wanted)) if "Normal" in name]
    assert (positions[0], positions[-1]) == (34, 113)
    kept = sorted(set(names) - wanted)
    positions = [i for i, name in enumerate(kept) if "Normal" in name]
    assert (positions[0], positions[-1], len(kept)) == (308, 1027, 1449)


def test_xd_violence(real_data, global_generator):
    lines = (real_data / "annotations" / "xd-violence" / "train_videos.txt").read_text().split("\n")
    names = [f"{line}.npy" for line in lines if line]
    normal = global_generator.permutation(sorted(n for n in names if "_label_A" in n))
    anomalous = global_generator.permutation(sorted(n for n in names if "_label_A" not in n))
    wanted = {*normal[: int(0.2 * len(normal))], *anomalous[: int(0.2 * len(anomalous))]}
    listed = [Listed(n[:-4], "train", (), "_label_A" not in n) for n in reversed(names)]
    found = thesis_validation("xd-violence", listed)
    assert {f"{name}.npy" for name in found} == wanted
    assert len(found) == 790
    assert sum("_label_A" in name for name in found) == 409


def test_the_global_generator_is_left_alone(real_data):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    prepare_ucf_crime(real_data / "annotations" / "ucf-crime", val_split="thesis")
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_the_seeded_split_takes_its_share_of_each_class(real_data, tmp_path):
    root = real_data / "annotations" / "ucf-crime"
    manifest = prepare("ucf-crime", root, tmp_path / "m.jsonl", val_share=0.1)
    for name, count in {"Abuse": 5, "Robbery": 14, "Shooting": 3}.items():
        assert sum(video.classes == (name,) for video in manifest.split("val")) == count
    assert sum(video.label == "normal" for video in manifest.split("val")) == 80


def test_a_list_that_is_not_whole_cannot_be_split():
    with pytest.raises(OddframeError, match=r"expected all 3954 training videos.*found 1 in"):
        thesis_validation("xd-violence", [Listed("a", "train", (), False)])
