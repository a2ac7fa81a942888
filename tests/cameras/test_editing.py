"""A cameras file is changed where it is to be, and stays as a person wrote it elsewhere."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from oddframe.cameras.editing import with_changes
from oddframe.errors import OddframeError
from oddframe.files.yaml_table import yaml_of

PATH = Path("cameras.yaml")
FILE = """\
run: runs/yard   # trained in May
alerts:
    phone:   {kind: webhook,  url_env: PHONE_URL}
cameras:
-   name: front      # over the door
    source:   rtsp://guard@192.0.2.7/stream1
    zones:   # Eva drew them
    -   {name: clock, kind: ignore, polygon: [[0, 0], [0.30, 0], [0.3, 0.08]]}


    # not yet
    # threshold: 4
-   name: yard
    source: "0"
    threshold: 3.50  # since March
-   {name: back, source: '1', threshold: 2,  zones: zones.yaml}
"""
ZONES = [
    {"name": "way in", "kind": "watch", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]},
    {"name": "clock: old", "kind": "ignore", "polygon": [[0, 0], [0.3, 0], [0.3, 0.1]]},
]


def changed(camera, text=FILE, **changes):
    return with_changes(text, PATH, camera, changes)


def differing(before, after):
    """Lines of each that the other does not have."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_value_is_replaced_and_what_is_said_beside_it_stays():
    gone, new = differing(FILE, changed("yard", threshold=4.25))
    assert gone == ["    threshold: 3.50  # since March"]
    assert new == ["    threshold: 4.25  # since March"]


def test_a_key_that_is_new_stands_after_the_others():
    text = changed("front", threshold=2.5)
    assert differing(FILE, text) == ([], ["    threshold: 2.5"])
    lines = text.splitlines()
    assert "clock" in lines[lines.index("    threshold: 2.5") - 1]
    assert differing(FILE, changed("yard", alarms_per_day=6)) == ([], ["    alarms_per_day: 6"])


def test_a_key_goes_with_its_line_and_no_other():
    gone, new = differing(FILE, changed("yard", threshold=None))
    assert (gone, new) == (["    threshold: 3.50  # since March"], [])
    assert changed("front", threshold=None) == FILE
    gone, _ = differing(FILE, changed("front", zones=None))
    assert gone == FILE.splitlines()[6:8]


def test_lists_are_written_in_lines_that_a_person_can_change():
    gone, new = differing(FILE, changed("front", zones=ZONES))
    assert gone == FILE.splitlines()[7:8]
    assert new == [
        "      - name: way in",
        "        kind: watch",
        "        polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]",
        "      - name: 'clock: old'",
        "        kind: ignore",
        "        polygon: [[0, 0], [0.3, 0], [0.3, 0.1]]",
    ]


def test_a_camera_in_one_line_stays_in_one_line():
    text = changed("back", zones=ZONES[:1], threshold=None, alarms_per_day=3)
    gone, new = differing(FILE, text)
    assert gone == FILE.splitlines()[-1:]
    assert new == [
        "-   {name: back, source: '1',  zones: [{name: way in, kind: watch, polygon: "
        "[[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}], alarms_per_day: 3}"
    ]


def test_words_beside_a_value_of_one_line_stay_when_it_becomes_several():
    text = "run: r\ncameras:\n  - name: a\n    zones: z.yaml  # drawn by Eva\n    source: '0'\n"
    after = changed("a", text, zones=ZONES[:1])
    assert "    zones:  # drawn by Eva\n      - name: way in\n" in after
    assert after.endswith("\n    source: '0'\n")


def test_the_first_key_of_a_camera_can_go_too():
    text = "run: r\ncameras:\n  - threshold: 3\n    name: a  # mine\n    source: '0'\n"
    after = changed("a", text, threshold=None)
    assert after == "run: r\ncameras:\n  - name: a  # mine\n    source: '0'\n"


def test_json_stays_json():
    text = json.dumps({"run": "r", "cameras": [{"name": "a", "source": "0"}]}, indent=2)
    after = changed("a", text, zones=ZONES, threshold=3.5)
    said = json.loads(after)["cameras"][0]
    assert (said["zones"], said["threshold"]) == (ZONES, 3.5)
    assert after.startswith(text[: text.index('"source"')])


def test_line_ends_are_as_they_were():
    text = FILE.replace("\n", "\r\n")
    for after in (changed("front", text, zones=ZONES), changed("yard", text, threshold=None)):
        assert after.count("\n") == after.count("\r\n")


def test_a_file_without_a_last_line_end():
    text = FILE.rstrip("\n").replace("-   {name: back, source: '1', threshold: 2,", "-   {")
    assert with_changes("cameras: [{name: a, source: b}]", PATH, "a", {"run": "x"}) == (
        "cameras: [{name: a, source: b, run: x}]"
    )
    text = "cameras:\n- name: a\n  run: x"
    assert changed("a", text, run=None) == "cameras:\n- name: a"
    assert changed("a", text, threshold=1) == "cameras:\n- name: a\n  run: x\n  threshold: 1"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        # What the one says the other says too.
        ("cameras:\n- &a {name: a, source: '0'}\n- *a\n", {"threshold": 2}),
        ("cameras:\n- name: a\n  zones: &z [1]\n- name: b\n  zones: *z\n", {"zones": ZONES}),
    ],
)
def test_what_cannot_be_changed_alone_is_not_changed(text, changes):
    yaml_of(text, PATH, "it")
    with pytest.raises(OddframeError, match="by hand"):
        with_changes(text, PATH, "a", changes)


def test_a_camera_that_is_no_more_is_one_line():
    with pytest.raises(OddframeError, match="there is no camera 'nobody' in it any more"):
        changed("nobody", threshold=1)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["run", "threshold", "zones", "schedule", "cool_down"]),
            st.one_of(
                st.floats(0, 1e9),
                st.integers(0, 10**6),
                st.text(min_size=1, max_size=12),
                st.just(ZONES),
                st.dictionaries(st.sampled_from(["every_day", "time_zone"]), st.text(max_size=5)),
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["run", "threshold", "zones", "schedule", "cool_down"]),
    st.one_of(st.none(), st.floats(0, 1e9), st.text(max_size=12), st.just(ZONES)),
    st.sampled_from([True, False, None]),
    st.data(),
)
def test_what_is_asked_for_is_all_that_changes_or_nothing_does(cameras, key, value, flow, data):
    rows = [{"name": f"camera {n}", **said} for n, said in enumerate(cameras)]
    try:
        text = yaml.safe_dump({"cameras": rows}, default_flow_style=flow, sort_keys=False)
        before = yaml_of(text, PATH, "it")
    except OddframeError:
        return
    index = data.draw(st.integers(0, len(rows) - 1))
    try:
        text = with_changes(text, PATH, f"camera {index}", {key: value})
    except OddframeError:
        assert "&id001" in text  # what is said twice is said once there
        return
    after = yaml_of(text, PATH, "it")
    said = after["cameras"].pop(index)
    was = before["cameras"].pop(index)
    assert after == before
    assert said.pop(key, None) == value or value is None
    was.pop(key, None)
    assert said == was
