import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.evaluation.metrics.truth_regions import (
    box_iou,
    regions_from_mask,
    regions_from_tracks,
)
from oddframe.videos.pixel_truth import Track, read_mask


def test_components_become_boxes_and_tracks():
    mask = np.zeros((6, 10, 12), dtype=bool)
    for frame in range(3):
        mask[frame, 1:3, frame : frame + 3] = True  # moves right, overlapping itself
    mask[1:5, 6:9, 8:11] = True  # stands still
    mask[5, 1:3, 0:2] = True  # appears where the first was, two frames later
    regions = regions_from_mask(mask)
    assert regions.tracks == 3
    assert regions.regions == 8
    assert regions.boxes[1].tolist() == [[1, 1, 4, 3], [8, 6, 11, 9]]
    assert [regions.owners[frame].tolist() for frame in range(6)] == [
        [0],
        [0, 1],
        [0, 1],
        [1],
        [1],
        [2],
    ]


def test_a_split_continues_in_the_larger_part():
    mask = np.zeros((2, 5, 12), dtype=bool)
    mask[0, 1:4, :] = True
    mask[1, 1:4, :4] = mask[1, 1:4, 5:] = True
    regions = regions_from_mask(mask)
    assert regions.owners[1].tolist() == [1, 0]
    assert regions.tracks == 2


def test_diagonal_pixels_belong_together():
    assert regions_from_mask(np.eye(4, dtype=bool)[None]).regions == 1


def test_tracks_become_regions(make_video):
    video = make_video("a", np.ones(5), tracks="tracks.json")
    tracks = [
        Track("x", "bike", {0: (0, 0, 4, 4), 1: (1, 0, 5, 4)}),
        Track("empty", "none", {}),
        Track("y", "cart", {1: (6, 2, 9, 5)}),
    ]
    regions = regions_from_tracks(tracks, video)
    assert (regions.tracks, regions.regions) == (2, 3)
    assert regions.owners[1].tolist() == [0, 1]
    with pytest.raises(OddframeError, match=r"frame 7.*frames 0 to 4"):
        regions_from_tracks([Track("z", "cart", {7: (0, 0, 1, 1)})], video)


def test_box_overlap():
    boxes = np.array([[0.0, 0, 4, 4], [2, 2, 6, 6], [9, 9, 10, 10]])
    assert box_iou(boxes, boxes)[0] == pytest.approx([1, 4 / 28, 0])


def test_ped2_masks_hold_as_many_regions_as_scipy_finds(ped2):
    from scipy.ndimage import label

    video = ped2["03"]
    mask = read_mask(video, ped2.root)
    regions = regions_from_mask(mask)
    counts = [label(frame, np.ones((3, 3)))[1] for frame in mask]
    assert regions.regions == sum(counts)
    assert [len(regions.boxes.get(i, ())) for i in range(len(mask))] == counts
    assert sorted({t for owners in regions.owners.values() for t in owners}) == list(
        range(regions.tracks)
    )
