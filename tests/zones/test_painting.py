"""Whatever lies inside an ignored zone reaches no pixel that a detector sees, of any size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from matplotlib.path import Path as Outline
from tests.made.fixed_camera import png_folder

from oddframe.errors import OddframeError
from oddframe.media.opening import open_video
from oddframe.media.watched_video import watched
from oddframe.zones.painting import GREY, painted, raster
from oddframe.zones.zone import NO_ZONES, Zone, Zones

WIDTH, HEIGHT = 96, 64
TRIANGLE = Zone("tv", "ignore", ((0.21, 0.13), (0.72, 0.31), (0.35, 0.83)))
SIZES = [None, (96, 64), (48, 32), (37, 29), (31, 64), (96, 20), (11, 7), (150, 90), (448, 256)]


def inside(zone):
    """Pixels whose whole square lies in the zone, by their corners (it is convex)."""
    outline = Outline([*zone.polygon, zone.polygon[0]], closed=True)
    ys, xs = np.mgrid[0 : HEIGHT + 1, 0 : WIDTH + 1]
    corners = np.stack([xs.ravel() / WIDTH, ys.ravel() / HEIGHT], axis=1)
    held = outline.contains_points(corners).reshape(HEIGHT + 1, WIDTH + 1)
    return held[:-1, :-1] & held[1:, :-1] & held[:-1, 1:] & held[1:, 1:]


def two_videos(tmp_path):
    """Folders of three pictures that differ inside the triangle alone, in every pixel of it."""
    random = np.random.default_rng(0)
    one = random.integers(0, 256, (3, HEIGHT, WIDTH, 3), np.uint8)
    other, where = one.copy(), inside(TRIANGLE)
    other[:, where] = 255 - one[:, where]
    assert where.sum() > 500
    return [png_folder(tmp_path / str(n), list(images)) for n, images in enumerate((one, other))]


def pictures(path, zones, look):
    with painted(open_video(path), zones) as video:
        return [look(frame) for frame in video]


@pytest.mark.parametrize("how", ["area", "bilinear", "pillow"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["rgb", "grey"])
def test_what_is_ignored_reaches_no_pixel(tmp_path, kind, size, how):
    paths = two_videos(tmp_path)

    def look(frame):
        return getattr(frame, kind)(size, how)

    whole = [np.array(pictures(path, NO_ZONES, look)) for path in paths]
    assert (whole[0] != whole[1]).any()
    seen = [np.array(pictures(path, Zones((TRIANGLE,)), look)) for path in paths]
    assert np.array_equal(*seen)
    # What is four of the video's pixels away is as it was.
    height, width = seen[0].shape[1:3]
    if width >= WIDTH and height >= HEIGHT:
        near = cv2.dilate(raster((TRIANGLE,), (WIDTH, HEIGHT)).astype("u1"), None, iterations=4)
        ys, xs = np.mgrid[0:height, 0:width]
        far = near[ys * HEIGHT // height, xs * WIDTH // width] == 0
        assert far.mean() > 0.4
        assert np.array_equal(seen[0][:, far], whole[0][:, far])
    # And the middle of it is grey.
    middle = int(0.42 * height), int(0.43 * width)
    assert (seen[0][:, middle[0], middle[1]] == GREY).all()


def test_a_raster_holds_every_pixel_that_the_polygon_touches():
    """Against points sampled all over each pixel, by matplotlib."""
    steps = (np.arange(16) + 0.5) / 16
    for size in ((96, 64), (23, 17), (7, 5)):
        outline = Outline([*TRIANGLE.polygon, TRIANGLE.polygon[0]], closed=True)
        xs, ys = ((np.arange(side)[:, None] + steps).ravel() / side for side in size)
        points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        held = outline.contains_points(points).reshape(size[1], 16, size[0], 16).any((1, 3))
        mask = raster((TRIANGLE,), size, (1, 1))
        assert not (held & ~mask).any()
        assert not (mask & ~cv2.dilate(held.astype("u1"), None, iterations=3).astype(bool)).any()


def test_the_pictures_of_a_video_file_are_painted_too(grey_video):
    """Not the level of the frame, which differs from frame to frame, but the one grey."""
    zone = Zone("corner", "ignore", ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)))
    with painted(open_video(grey_video.path), Zones((zone,))) as video:
        for frame in video:
            image = frame.rgb((48, 32))
            assert (image[:15, :23] == GREY).all()
            assert np.abs(image[20:, 28:].astype(int) - grey_video.level(frame.index)).max() <= 3
            assert (frame.grey()[:30, :46] == GREY).all()


def test_a_video_without_ignored_zones_is_the_very_same(grey_video):
    watch = Zone("door", "watch", TRIANGLE.polygon)
    with open_video(grey_video.path) as video:
        assert painted(video, NO_ZONES) is video
        assert painted(video, Zones((watch,))) is video


def test_the_decoder_s_picture_is_not_touched(tmp_path):
    path = two_videos(tmp_path)[0]
    with open_video(path) as plain, painted(open_video(path), Zones((TRIANGLE,))) as video:
        for frame, seen in zip(plain, video, strict=True):
            seen.rgb()
            assert np.array_equal(seen._frame.rgb(), frame.rgb())


def test_a_switch_inside_what_is_ignored_is_no_break(tmp_path):
    """A large screen that cuts to another film; else nothing changes."""
    screen = Zone("tv", "ignore", ((0.05, 0.05), (0.95, 0.05), (0.95, 0.9), (0.05, 0.9)))
    random = np.random.default_rng(1)
    coarse = random.uniform(40, 215, (3, 10, 13)).astype(np.float32)
    room, *films = (cv2.resize(part, (160, 120), interpolation=cv2.INTER_CUBIC) for part in coarse)
    images = []
    for number in range(40):
        image = room + random.normal(0, 1, room.shape)
        image[8:106, 10:150] = films[number // 20][8:106, 10:150]
        images.append(np.repeat(np.clip(image, 0, 255).astype(np.uint8)[..., None], 3, axis=2))
    path = png_folder(tmp_path / "room", images)
    found = []
    for zones in (NO_ZONES, Zones((screen,))):
        with watched(painted(open_video(path), zones)) as video:
            anew = [frame.index for frame in video if frame.anew]
        found.append(anew)
    assert found == [[20], []]


def test_zones_that_cover_everything_leave_nothing_and_are_refused():
    half = Zone("left", "ignore", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    rest = Zone("right", "ignore", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
    with pytest.raises(OddframeError, match=r"\(left, right\): they cover the whole picture"):
        Zones((half, rest))
    assert Zones((half, replace(rest, polygon=((0.52, 0.0), *rest.polygon[1:])))).ignored
