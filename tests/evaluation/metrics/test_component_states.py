"""Components at every threshold, against labelling each image anew."""

import numpy as np
import pytest
from scipy.ndimage import find_objects, label

from oddframe.evaluation.metrics.component_states import component_states

IMAGES = {
    "noise": lambda g, shape: g.normal(size=shape),
    "plateaus": lambda g, shape: g.integers(0, 4, shape),
    "two values": lambda g, shape: g.random(shape) < 0.3,
    "one value": lambda g, shape: np.full(shape, g.normal()),
}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("image", IMAGES)
def test_they_are_those_of_labelling(image, kind):
    generator = np.random.default_rng(0)
    for _ in range(25):
        scores = IMAGES[image](generator, tuple(generator.integers(1, 10, 2))).astype(kind)
        found = component_states(scores)
        for threshold in [*np.unique(scores), scores.min() - 1]:
            holds = (found.died <= threshold) & (threshold < found.born)
            parts = find_objects(label(scores > threshold, np.ones((3, 3)))[0])
            expected = [(x.start, y.start, x.stop, y.stop) for y, x in parts]
            assert sorted(map(tuple, found.boxes[holds].tolist())) == sorted(expected)
        assert found.first[0]
        assert (found.born[1:][~found.first[1:]] == found.died[:-1][~found.first[1:]]).all()
