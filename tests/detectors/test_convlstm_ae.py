"""ConvLSTM-AE: its published sizes, its losses and errors written out, which frames it scores."""

import numpy as np
import pytest
import torch

from oddframe.clips.stream import terms_of
from oddframe.detectors.one_class.convlstm_ae import ConvLSTMAE, ConvLSTMAEConfig
from oddframe.errors import OddframeError


def detector(**settings):
    torch.manual_seed(0)
    found = ConvLSTMAE(ConvLSTMAEConfig(**{"size": 17, "width": 2, **settings}))
    found.prepare([footage(9, seed=1)])
    return found.eval()


def footage(count, seed):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 17, 17, 1), dtype=np.uint8)


def squared(made, real):
    """Sum over the pixels of each frame, ``(frames,)``."""
    return (made - real).square().sum((-3, -2, -1))


def test_parameters_are_those_published():
    with torch.device("meta"):
        found = ConvLSTMAE(ConvLSTMAEConfig())
    sizes = {
        name: sum(part.numel() for part in network.parameters())
        for name, network in found.named_children()
    }
    encoder = 6_400 + 819_456 + 1_180_160
    assert sizes == {
        "encoder": encoder,
        "memory": 18_876_416,
        "now": 2_005_505,
        "past": 2_005_505,
    }
    assert sum(sizes.values()) == 24_893_442


def test_layers_have_the_published_sizes():
    with torch.device("meta"):
        found = ConvLSTMAE(ConvLSTMAEConfig())
        features, sides = found.encoder(torch.empty(1, 2, 1, 225, 225))
        made = found.now(features, sides)
    assert sides == [(225, 225), (57, 57), (29, 29)]
    assert features.shape == (1, 2, 512, 15, 15)
    assert made.shape == (1, 2, 1, 225, 225)


def test_losses_written_out():
    found = detector()
    clips = np.stack([footage(10, 3), footage(10, 4)])
    with torch.no_grad():
        losses = found.losses("network", {"clip": torch.from_numpy(clips)})
        pixels = torch.from_numpy(clips).permute(0, 1, 4, 2, 3) / 255 - found.mean_image
        states = found.memory(found.encoder(pixels)[0])
        sides = found.encoder(pixels)[1]
        now, past = found.now(states, sides), found.past(states, sides)
    same = squared(now, pixels).sum() / 4
    before = squared(past[:, 1:], pixels[:, :-1]).sum() / 4
    assert losses["now"].item() == pytest.approx(same.item(), rel=1e-5)
    assert losses["past"].item() == pytest.approx(before.item(), rel=1e-5)
    assert losses["loss"].item() == pytest.approx((same + before).item(), rel=1e-5)


@pytest.mark.parametrize("count", [10, 11, 14, 15, 23])
def test_each_clip_scores_five_frames_from_a_state_of_its_own(count):
    """Against networks that are called frame by frame, clip by clip."""
    found, images = detector(), footage(count, 5)
    terms = np.array([part.terms["error"] for part in terms_of(found, images)])
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - found.mean_image
    wanted = np.full(count, np.nan)
    for begin in range(0, count - 5, 5):
        with torch.no_grad():
            features, sides = found.encoder(pixels[None, begin : begin + 10])
            states = found.memory(features)
            now, past = found.now(states, sides)[0], found.past(states, sides)[0]
        for place in range(5, len(now)):
            frame = begin + place
            both = squared(now[place], pixels[frame]) + squared(past[place], pixels[frame - 1])
            wanted[frame] = both.sqrt()
    wanted[:5] = wanted[5:10]
    np.testing.assert_allclose(terms, wanted, rtol=1e-4)
    nothing = [part.terms["mean_image"] for part in terms_of(found, images)][5:]
    alone = squared(pixels, 0)
    np.testing.assert_allclose(nothing, (alone[5:] + alone[4:-1]).sqrt(), rtol=1e-4)


def test_biases_learn_twice_as_fast_and_do_not_decay():
    weights, biases = detector(learning_rate=0.5).optimisers()["network"].param_groups
    assert (weights["lr"], weights["weight_decay"]) == (0.5, 0.0005)
    assert (biases["lr"], biases["weight_decay"]) == (1.0, 0)


def test_a_clip_that_judges_all_of_its_frames_is_refused():
    with pytest.raises(OddframeError, match=r"judged_frames: expected fewer than frames, 4, found"):
        ConvLSTMAEConfig(frames=4, judged_frames=4)
