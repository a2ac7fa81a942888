"""The cameras file: defaults, what a camera says otherwise, passwords, and every mistake."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from oddframe.cameras.cameras_file import read_cameras
from oddframe.cameras.schedule import ALWAYS
from oddframe.errors import OddframeError

FILE = """
run: runs/yard
alarms_per_day: 6
pre_roll: 4
keep: pictures
retention: {gigabytes: 10, days: 14}
zones:
  - {name: clock, kind: ignore, polygon: [[0, 0], [0.3, 0], [0.3, 0.1], [0, 0.1]]}
alerts:
  stdout: {}
  log: {kind: stdout}
cameras:
  - name: front
    source: rtsp://guard:secret@192.0.2.7/stream1
    schedule: {time_zone: Europe/Vienna, weekdays: 18:00-07:00, weekend: always}
  - name: yard
    source: rtsp://192.0.2.8/stream
    transport: udp
    run: runs/other
    threshold: 4.5
    pre_roll: 8
    keep: scores
    minimum_seconds: 2
    retention: {days: 3}
    zones: zones.yaml
    alerts: [log]
"""
ZONES = "zones: [{name: door, kind: watch, polygon: [[0, 0], [1, 0], [1, 1]]}]"


@pytest.fixture
def write(tmp_path: Path, monkeypatch):
    """Writes a cameras file, the text of ``FILE`` with changes, and gives its path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zones.yaml").write_text(ZONES)

    def made(*changes: tuple[str, str]) -> Path:
        text = FILE
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        path = tmp_path / "cameras.yaml"
        path.write_text(text)
        return path

    return made


def test_a_camera_has_what_it_says_and_else_what_stands_at_the_top(write, tmp_path):
    file = read_cameras(write())
    front, yard = file.cameras
    assert list(file.sinks) == ["stdout", "log"]
    assert (front.name, front.run) == ("front", tmp_path / "runs/yard")
    assert front.source.address == "rtsp://guard:secret@192.0.2.7/stream1"
    assert (front.source.kind, front.source.transport) == ("rtsp", "tcp")
    assert (front.threshold, front.alarms_per_hour) == (None, 0.25)
    assert front.zones.names == ("clock",)
    assert (front.pre_roll, front.post_roll, front.minimum_seconds) == (4, 5, 0)
    assert (front.keep, yard.keep) == ("pictures", "scores")
    assert (front.retention.most_bytes, front.retention.most_days) == (10**10, 14)
    assert front.alerts == ("stdout", "log")
    assert front.schedule.time_zone == "Europe/Vienna"

    assert (yard.run, yard.source.transport) == (tmp_path / "runs/other", "udp")
    assert (yard.threshold, yard.alarms_per_hour) == (4.5, None)
    assert yard.zones.names == ("door",)
    assert (yard.pre_roll, yard.minimum_seconds) == (8, 2)
    # What a camera says of a key stands for all of it.
    assert (yard.retention.most_bytes, yard.retention.most_days) == (20 * 10**9, 3)
    assert yard.alerts == ("log",)
    assert yard.schedule == ALWAYS


def test_the_least_file(write, tmp_path):
    path = tmp_path / "least.yaml"
    path.write_text("cameras: [{name: a, source: 0, run: r}]")
    (camera,) = read_cameras(path).cameras
    assert (camera.source.kind, camera.source.address) == ("usb", "/dev/video0")
    assert (camera.zones, camera.threshold, camera.alarms_per_hour) == (None, None, None)
    assert camera.alerts == ()


PLAIN = ("rtsp://guard:secret@192.0.2.7/stream1", "rtsp://guard@192.0.2.7/stream1")


@pytest.mark.parametrize("password", ["simple", "p@ss/w:rd?#%41 ä"])
def test_a_password_from_elsewhere_comes_into_the_address(write, tmp_path, monkeypatch, password):
    monkeypatch.setenv("CAM_PASSWORD", password)
    monkeypatch.setenv("CAM_URL", f"rtsp://guard:{'x'}@192.0.2.7/stream1")
    (tmp_path / "password").write_text(password + "\n")
    secret_file = (PLAIN[0], f"{PLAIN[1]}\n    password_file: password")
    secret_env = (PLAIN[0], f"{PLAIN[1]}\n    password_env: CAM_PASSWORD")
    within = (PLAIN[0], "rtsp://guard:${CAM_PASSWORD}@192.0.2.7/stream1")
    for change in (secret_file, secret_env, within):
        source = read_cameras(write(change)).cameras[0].source
        parts = urlsplit(source.address)
        assert (parts.hostname, parts.username, parts.path) == ("192.0.2.7", "guard", "/stream1")
        assert unquote(parts.password) == password
        assert source.shown == "rtsp://***@192.0.2.7/stream1"
        assert password not in repr(source)
    whole = read_cameras(write((PLAIN[0], "${CAM_URL}"))).cameras[0].source
    assert whole.address == "rtsp://guard:x@192.0.2.7/stream1"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("pre_roll: 8", "preroll: 8", "'cameras[1].preroll'; did you mean 'pre_roll'?"),
        ("alarms_per_day: 6", "alarm_per_day: 6", "did you mean 'alarms_per_day'?"),
        ("weekdays:", "weekday:", "'cameras[0].schedule.weekday'; did you mean 'weekdays'?"),
        ("{days: 3}", "{day: 3}", "'cameras[1].retention.day'; did you mean 'days'?"),
        ("name: yard", "name: Front", "camera 'Front': there are two of that name"),
        ("name: yard", "name: a/b", "camera 'a/b': its name is that of a folder"),
        ("name: yard", "nam: yard", "unknown key 'cameras[1].nam'; did you mean 'name'?"),
        ("source: rtsp://192.0.2.8/stream", "source: nowhere.mp4", "camera 'yard': nowhere.mp4: "),
        (
            "source: rtsp://192.0.2.8/stream",
            "source: rtps://a/b",
            "unknown kind of address 'rtps://'",
        ),
        ("transport: udp", "transport: tpc", "'cameras[1].transport': expected one of tcp, udp"),
        ("run: runs/yard\n", "", "camera 'front': 'run' is missing"),
        ("threshold: 4.5", "threshold: 4.5\n    alarms_per_hour: 1", "either it or 'threshold'"),
        ("alarms_per_day: 6", "alarms_per_day: 0", "expected a budget from an alarm a year"),
        ("alarms_per_day: 6", "alarms_per_day: 1e-320", "expected a budget from an alarm a year"),
        ("alarms_per_day: 6", "alarms_per_hour: 1e308", "found 1e+308 an hour"),
        ("pre_roll: 8", "pre_roll: 90", "'cameras[1].pre_roll': expected a number from 0 to 60"),
        ("pre_roll: 8", "cool_down: 1e308", "expected a number from 0 to 604,800"),
        ("{days: 3}", "{gigabytes: 1e300}", "expected a number from 0 to 1,000,000"),
        ("{days: 3}", "{days: 1e300}", "expected a number from 0 to 36,525"),
        ("{days: 3}", "{free_gigabytes: 99999999999999999999999}", "too large"),
        ("minimum_seconds: 2", "minimum_seconds: 700", "'minimum_seconds' below 'longest_seconds'"),
        (
            "alerts: [log]",
            "alerts: [lob]",
            "camera 'yard': unknown alert 'lob'; did you mean 'log'",
        ),
        ("alerts: [log]", "alerts: log", "'cameras[1].alerts': expected a list, found"),
        ("kind: stdout", "kind: webhok", "unknown kind of alert 'webhok'; did you mean 'webhook'"),
        ("zones: zones.yaml", "zones: zone.yaml", "zone.yaml"),
        ("[0.3, 0.1], [0, 0.1]]", "[0, 0.1], [0.3, 0.1]]", "zone 'clock': its sides 2 and 4 meet"),
        ("Europe/Vienna", "Europe/Wien", "'time_zone': expected one such as Europe/Vienna"),
        (PLAIN[0], "rtsp://u:${NO_SUCH_VARIABLE}@h/p", "expected a variable NO_SUCH_VARIABLE"),
        (PLAIN[0], PLAIN[0] + "\n    password_file: zones.yaml", "with a user and no password"),
        (PLAIN[0], PLAIN[1] + "\n    password_file: none", "none"),
    ],
)
def test_every_mistake_is_one_line_that_holds_no_password(write, before, after, said):
    path = write((before, after))
    with pytest.raises(OddframeError) as error:
        read_cameras(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_without_cameras_there_is_nothing_to_watch(tmp_path):
    path = tmp_path / "none.yaml"
    path.write_text("run: r")
    with pytest.raises(OddframeError, match="expected a list of cameras under 'cameras'"):
        read_cameras(path)


def test_what_is_read_again_is_equal(write):
    """As a reload asks: which cameras changed."""
    before = read_cameras(write()).cameras
    again = read_cameras(write(("pre_roll: 8", "pre_roll: 9"))).cameras
    assert before[0] == again[0]
    assert replace(before[1], pre_roll=9) == again[1]


@pytest.mark.parametrize("page", ["live", "cameras"])
def test_the_files_of_the_docs_are_cameras_files(page, tmp_path, monkeypatch):
    docs = Path(__file__).parents[2] / "docs" / f"{page}.md"
    found = re.findall(r"```yaml\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    files = [text for text in found if "\ncameras:" in text]
    assert files
    monkeypatch.chdir(tmp_path)
    for name in ("PHONE_URL", "YARD_PASSWORD"):
        monkeypatch.setenv(name, "http://127.0.0.1/x")
    (tmp_path / "password").write_text("secret")
    (tmp_path / "zones.yaml").write_text(ZONES)
    for text in files:
        (tmp_path / "cameras.yaml").write_text(
            re.sub(r"(password_file: )[\w./]+", rf"\g<1>{tmp_path}/password", text)
        )
        assert read_cameras("cameras.yaml").cameras
