"""What a recipe needs, and what of it is there: data, features, weights, settings."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from oddframe.console.words import count
from oddframe.datasets import prepared, preparer, write_prepared
from oddframe.detectors import load
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.addresses import known
from oddframe.files.atomic import sha256_of, write_json
from oddframe.reproduction.annotation import annotation_alone
from oddframe.reproduction.recipe import OWN_MANIFEST, FeatureNeed, Recipe, describe_address
from oddframe.settings.reading import read_settings
from oddframe.videos.manifest import Manifest

MANIFEST = "manifest.jsonl"
PREPARED = "prepared.json"
"""What the manifest was made from, so that it is made again when that changes."""


@dataclass(frozen=True)
class Given:
    """What the person has.

    Attributes:
        data: folder of the data set, or of its annotation alone.
        features: folder of features.
        weights: the weight file that the detector or the backbone needs.
    """

    data: Path | None = None
    features: Path | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class Need:
    """One thing that a recipe needs.

    Attributes:
        what: ``data``, ``features``, ``weights`` or ``settings``.
        there: whether it is there.
        words: what was found, or what is wrong.
        get: where it can be had.
        wrong: it was given, but is not what is needed.
    """

    what: str
    there: bool
    words: str
    get: str = ""
    wrong: bool = False

    @property
    def state(self) -> str:
        """``there``, ``missing`` or ``wrong``."""
        return "there" if self.there else "wrong" if self.wrong else "missing"

    def text(self) -> str:
        """A line, and a second one that says where to get what is missing."""
        line = f"  {self.state:<7}  {self.what:<8}  {self.words}"
        return line if self.there or not self.get else f"{line}\n{'':21}get it: {self.get}"


@dataclass(frozen=True)
class RecipeInputs:
    """What a recipe is run with, and whether it is there.

    Attributes:
        needs: all that the recipe needs, each with whether it is there.
        manifest: the manifest's file, None if it could not be made.
        features: the folder of features, given or still to be extracted; None for a detector
            that looks at frames.
        settings: settings of the detector, with the weight file.
    """

    needs: tuple[Need, ...]
    manifest: Path | None
    features: Path | None
    settings: dict[str, Any]


def check_needs(recipe: Recipe, given: Given, folder: Path) -> RecipeInputs:
    """Prepare the manifest, and look for everything else that the recipe needs.

    Args:
        recipe: what to reproduce.
        given: what the person has.
        folder: where the manifest goes, and where features may be from an earlier run.

    Raises:
        OddframeError: settings that the detector does not take.
    """
    settings, chosen = _settings(recipe, given)
    data, manifest, fault = _data(recipe, given, folder)
    needs = [chosen, data]
    features = None
    if recipe.features is not None:
        features = (given.features or folder / "features").absolute()
        needs.append(_features(recipe.features, given, features, manifest, fault))
    if recipe.weights is not None:
        needs.append(_weights(recipe, given))
    needs += _unused(recipe, given)
    path = None if manifest is None else folder / MANIFEST
    return RecipeInputs(tuple(needs), path, features, settings)


def whole_features(folder: Path, manifest: Manifest) -> bool:
    """Whether every video of the manifest has features in the folder."""
    try:
        found = FeatureFolder.open(folder)
    except OddframeError:
        return False
    return all(found.resolve(video.id) is not None for video in manifest)


def _unused(recipe: Recipe, given: Given) -> list[Need]:
    """What was given and the recipe has no use for."""
    found = []
    if given.features is not None and recipe.features is None:
        words = f"{recipe.detector} looks at frames, not at features; leave out --features"
        found.append(Need("features", False, words, wrong=True))
    extracts = recipe.features is not None and _needs_weights(recipe.features)
    if given.weights is not None and recipe.weights is None and not extracts:
        words = "nothing here needs weights; leave out --weights"
        found.append(Need("weights", False, words, wrong=True))
    return found


def _settings(recipe: Recipe, given: Given) -> tuple[dict[str, Any], Need]:
    settings = dict(recipe.settings)
    if recipe.weights is not None:
        # A detector refuses to be without; what is missing is said in the list.
        settings[recipe.weights.setting] = str((given.weights or Path("FILE")).absolute())
    try:
        module = load(recipe.detector)
        config = read_settings(module.CONFIG, recipe.detector, settings)
    except OddframeError as error:
        raise OddframeError(f"{recipe.file}: {error}") from error
    words = f"{recipe.detector} takes them, seed {recipe.seed}"
    if module.DETECTOR.traits.trained == "in steps":
        words += f"; {config.steps:,} training steps"
    return settings, Need("settings", True, words)


def _data(recipe: Recipe, given: Given, folder: Path) -> tuple[Need, Manifest | None, str]:
    """The need, its manifest, and what stands against the features where those are to blame."""
    get = f"{describe_address(recipe.address)}; give the folder with --data"
    if recipe.features is not None and recipe.dataset != OWN_MANIFEST:
        get += ", or that of its annotation if there are --features"
    if given.data is None:
        what = "its manifest" if recipe.dataset == OWN_MANIFEST else recipe.dataset
        return Need("data", False, f"{what}, no --data given", get), None, ""
    try:
        manifest = _manifest(recipe, given, folder)
    except OddframeError as error:
        # What to do, after the semicolon, is advice for 'oddframe prepare'.
        words, alone = str(error).partition("; ")[0], ""
        if recipe.dataset != OWN_MANIFEST:
            alone = annotation_alone(recipe.dataset, given.data, recipe.options)
        if alone and given.features is not None and str(given.features) in str(error):
            return Need("data", True, f"{recipe.dataset}, {alone}"), None, words
        words += f"; {alone}" * bool(alone)
        return Need("data", False, words, get), None, ""
    test = manifest.counts().get("test", {"frames": 0, "anomalous_frames": 0, "videos": 0})
    words = (
        f"{manifest.dataset}, {count(len(manifest), 'video')}; test: "
        f"{count(test['videos'], 'video')}, {test['anomalous_frames']:,} of {test['frames']:,} "
        "frames anomalous"
    )
    if not _has_footage(manifest):
        words += "; annotation only, no footage"
    return Need("data", True, words), manifest, ""


def _manifest(recipe: Recipe, given: Given, folder: Path) -> Manifest:
    """The manifest, made again only if what it is made from is not what it was."""
    assert given.data is not None
    path, record = folder / MANIFEST, folder / PREPARED
    source: dict[str, Any] = {
        "dataset": recipe.dataset,
        "options": recipe.options,
        "data": str(given.data.absolute()),
        "features": None if given.features is None else str(given.features.absolute()),
    }
    if recipe.dataset == OWN_MANIFEST:
        own = given.data if given.data.suffix == ".jsonl" else given.data / MANIFEST
        source["sha256"] = sha256_of(own) if own.is_file() else None
    before = _read_record(record)
    if path.is_file() and before == {**source, "manifest": sha256_of(path)}:
        return Manifest.read(path)
    if recipe.dataset == OWN_MANIFEST:
        manifest = Manifest.read(own)
        if given.features is None:
            manifest.check_files()
        replace(manifest, root=manifest.root.absolute()).write(path)
    else:
        manifest = prepared(recipe.dataset, given.data, **_options(recipe, given))
        write_prepared(manifest, path)
    write_json(record, {**source, "manifest": sha256_of(path)})
    return Manifest.read(path)


def _read_record(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _options(recipe: Recipe, given: Given) -> dict[str, Any]:
    """Options of ``prepare``; a weakly supervised set may be its annotation and features."""
    assert given.data is not None
    options = dict(recipe.options)
    if "events" in options:
        options["events"] = given.data / options["events"]
    if "annotations" in inspect.signature(preparer(recipe.dataset)).parameters:
        options |= {"annotations": given.data, "features": given.features}
    return options


def _features(
    need: FeatureNeed, given: Given, folder: Path, manifest: Manifest | None, fault: str
) -> Need:
    wanted = f"{need.backbone}, {count(_crops(need), 'crop')} of {need.channels} channels"
    get = f"{describe_address(need.address)}; give the folder with --features"
    if _needs_weights(need):
        own = known(need.backbone)
        where = f" ({describe_address(own.name)})" if own else ""
        get += f"; or give the videos with --data and the backbone's file{where} with --weights"
    if given.features is not None or (manifest is not None and whole_features(folder, manifest)):
        try:
            wrong = _differs(need, FeatureFolder.open(folder), manifest) or fault
        except OddframeError as error:
            wrong = str(error)
        if wrong:
            return Need("features", False, f"expected {wanted}: {wrong}", get, wrong=True)
        return Need("features", True, f"{wanted}, in {folder}")
    if manifest is None or not _has_footage(manifest):
        return Need("features", False, f"{wanted}, no --features given and no footage", get)
    if not _needs_weights(need):
        return Need("features", True, f"{wanted}, to be extracted from the footage")
    if given.weights is None or not given.weights.is_file():
        return Need("features", False, f"{wanted}, no --features and no --weights given", get)
    return Need("features", True, f"{wanted}, to be extracted with {given.weights}")


def _differs(need: FeatureNeed, found: FeatureFolder, manifest: Manifest | None) -> str:
    """What is wrong with features for this recipe; empty if nothing is."""
    backbone = found.info.get("backbone")
    name = backbone.get("name") if isinstance(backbone, dict) else None
    if (found.crops, found.channels) != (_crops(need), need.channels):
        crops = count(found.crops, "crop")
        return f"{found.path} has {crops} of {found.channels} channels"
    if name is not None and name != need.backbone:
        return f"{found.path} was made by {name}"
    absent = [v.id for v in manifest or () if found.resolve(v.id) is None]
    if absent:
        return f"{found.path} lacks {count(len(absent), 'video')}, first '{absent[0]}'"
    return ""


def _weights(recipe: Recipe, given: Given) -> Need:
    need = recipe.weights
    assert need is not None
    get = f"{describe_address(need.address)}; give the file with --weights"
    if given.weights is None:
        return Need("weights", False, f"{need.what}, no --weights given", get)
    if not given.weights.is_file():
        return Need("weights", False, f"{need.what}: {given.weights}: no such file", get)
    return Need("weights", True, f"{need.what}, {given.weights}")


def _needs_weights(need: FeatureNeed) -> bool:
    return need.backbone.startswith("i3d")


def _crops(need: FeatureNeed) -> int:
    """Ten of ``10-deepmil``."""
    return int(need.crops.partition("-")[0])


def _has_footage(manifest: Manifest) -> bool:
    return any(video.path for video in manifest)
