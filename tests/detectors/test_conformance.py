"""What is no detector is refused when it is loaded: from a file, and in the folder of a school."""

import sys

import pytest
from tests.made.every_detector import EXAMPLES, having

import oddframe.detectors
from oddframe.detectors import available, load, load_given
from oddframe.detectors.plugins import PREFIX
from oddframe.errors import OddframeError

GOOD = """
from dataclasses import dataclass
from oddframe.detectors.traits import Traits
@dataclass(frozen=True)
class CONFIG:
    size: int = 3
class DETECTOR:
    name = "mine"
    traits = Traits("frames", "at once")
    normalisation = "none"
    notes: dict
    def __init__(self):
        self.threshold = 1.0
    @classmethod
    def fit(cls, manifest, config, seed, advance): ...
    @property
    def smoothing_seconds(self): ...
    def stream(self, info, *, source="", live=False): ...
    def state(self): ...
    from_state = classmethod(lambda *_: None)
"""

OF_FEATURES = """
from oddframe.bags.detector import BagConfig, BagDetector
class CONFIG(BagConfig): ...
class DETECTOR(BagDetector):
    name = "mine"
    config_type = CONFIG
    def losses(self, phase, batch): ...
    def snippet_scores(self, features): ...
"""

OF_CLIPS = """
from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
class CONFIG(ClipConfig): ...
class DETECTOR(ClipDetector):
    name = "mine"
    config_type = CONFIG
    def losses(self, phase, batch): ...
    def measure(self, clip): ...
    def pictures(self, clip): ...
"""

MISTAKES = [
    (GOOD, "name = ", "nam = ", "DETECTOR.name in small letters, digits and '-', found None"),
    (GOOD, '"mine"', '"Mine/x"', "found 'Mine/x'"),
    (GOOD, "class DETECTOR", "class OTHER", "expected DETECTOR, a class"),
    (GOOD, "@dataclass(frozen=True)", "", "expected CONFIG, a dataclass"),
    (GOOD, "int = 3", "int", "expected a default for every setting, 'size' has none"),
    (GOOD, "traits = ", "inputs = ", "DETECTOR.traits, Traits of oddframe.detectors.traits"),
    (
        GOOD,
        'Traits("frames"',
        'Traits("frame"',
        "traits.looks_at: expected 'frames' or 'features', found 'frame'; did you mean 'frames'?",
    ),
    (
        GOOD,
        '"at once"',
        '"once"',
        "traits.trained: expected 'at once' or 'in steps' or 'never', found 'once'",
    ),
    (GOOD, 'once")', 'once", places=1)', "traits.places: expected True or False, found 1"),
    (GOOD, "def stream", "def streams", "expected DETECTOR to have a method stream"),
    (GOOD, "def state", "state = 3 #", "expected DETECTOR to have a method state"),
    (GOOD, 'once")', 'once", per_video=True)', "expected DETECTOR to have per_video_scale"),
    (GOOD, 'once")', 'once", on_gpu=True)', "expected DETECTOR to have a method to"),
    (GOOD, 'once")', 'once", counts_alarms=True)', "expected DETECTOR to have merge_seconds: a pr"),
    (GOOD, 'once")', 'once", leaves_out=True)', "expected DETECTOR to have left_out: a property"),
    (GOOD, 'once")', 'once", shows_sights=True)', "expected DETECTOR to have sights: a property"),
    (GOOD, "normalisation = ", "norm = ", "expected DETECTOR to have normalisation: a property,"),
    (GOOD, "smoothing_seconds", "smoothing", "expected DETECTOR to have smoothing_seconds: a pr"),
    (GOOD, "notes: dict", "", "expected DETECTOR to have notes: a property"),
    (GOOD, "self.threshold = 1.0", "threshold = 1.0", "expected DETECTOR to have threshold: a pr"),
    (
        GOOD,
        ", seed,",
        ",",
        "expected DETECTOR.fit(manifest, config, seed, advance), found fit(manifest, config, "
        "advance)",
    ),
    (
        GOOD,
        '(self, info, *, source="", live=False)',
        "(self, info)",
        "expected DETECTOR.stream(info, *, source='', live=False), found stream(info)",
    ),
    (GOOD, "def state(self)", "def state(self, a)", "DETECTOR.state(), found state(a)"),
    (GOOD, "(lambda *_: None)", "(lambda _: None)", "DETECTOR.from_state(state), found from_sta"),
    (OF_FEATURES, "def losses", "def loss", "expected DETECTOR to have a method losses"),
    (OF_FEATURES, "def snippet_scores", "def scores", "to have a method snippet_scores"),
    (
        OF_FEATURES,
        "config_type = CONFIG",
        "",
        "expected DETECTOR.config_type to be CONFIG, CONFIG, found ",
    ),
    (OF_CLIPS, "def measure", "def measured", "expected DETECTOR to have a method measure"),
    (OF_CLIPS, "def pictures", "def picture", "expected DETECTOR to have a method pictures"),
    (GOOD, "class DETECTOR:", "class DETECTOR", "cannot be loaded (SyntaxError: "),
    (GOOD, "from dataclasses", "from nowhere", " line 2: cannot be loaded (ModuleNotFoundError: "),
    (GOOD, '    name = "mine"', "    name = mine", " line 8: cannot be loaded (NameError: "),
]


@pytest.fixture(autouse=True)
def school(tmp_path, monkeypatch):
    """A folder of detectors with one school, in place of those of the package."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "__init__.py").touch()
    monkeypatch.setattr(oddframe.detectors, "__path__", [str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path / "scratch"
    for name in set(sys.modules) - before:
        if name.startswith((PREFIX, "oddframe.detectors.scratch")):
            del sys.modules[name]


@pytest.mark.parametrize("good", [GOOD, OF_FEATURES, OF_CLIPS])
def test_what_is_a_detector_is_taken(school, good):
    (school / "mine.py").write_text(good)
    assert load("mine").DETECTOR.name == "mine"
    other = school / "other.py"
    other.write_text(good.replace('"mine"', '"of-a-file"'))
    assert load_given(str(other)).DETECTOR.name == "of-a-file"


@pytest.mark.parametrize(("good", "before", "after", "message"), MISTAKES)
def test_what_is_no_detector_is_one_line(school, good, before, after, message):
    assert good.count(before) == 1
    file = school / "mine.py"
    file.write_text(good.replace(before, after))
    for loaded, name in ((load, "mine"), (load_given, str(file))):
        with pytest.raises(OddframeError) as told:
            loaded(name)
        assert str(told.value).startswith(str(file))
        assert message in str(told.value)
        assert "\n" not in str(told.value)


def test_in_a_school_it_is_called_as_its_file(school):
    (school / "running_mean.py").write_text(GOOD.replace('"mine"', '"runing-mean"'))
    assert available() == ["running-mean"]
    with pytest.raises(OddframeError, match=r"running_mean\.py: DETECTOR\.name is 'runing-mean'"):
        load("running-mean")


def test_of_a_method_in_a_folder_the_file_with_the_error_is_named(school):
    (school / "mine").mkdir()
    (school / "mine" / "__init__.py").write_text("from oddframe.detectors.scratch.mine import it\n")
    (school / "mine" / "it.py").write_text("\n1 / 0\n")
    with pytest.raises(OddframeError, match=r"it\.py line 2: cannot be loaded \(ZeroDivisionError"):
        load("mine")


def test_a_name_that_there_is_already_is_refused(school):
    (school / "mine.py").write_text(GOOD)
    given = school.parent / "mine.py"
    given.write_text(GOOD)
    with pytest.raises(OddframeError, match="there is a detector 'mine' already; give DETECTOR an"):
        load_given(str(given))


def test_one_that_cannot_be_loaded_stops_the_tests_of_no_other(school):
    (school / "mine.py").write_text(GOOD)
    (school / "broken.py").write_text("1 / 0\n")
    assert having(looks_at="frames") == ["mine", *EXAMPLES[:2]]
    assert having() == ["broken", "mine", *EXAMPLES]
