"""The convolutional LSTM against loops over frames, channels and pixels."""

import numpy as np
import pytest
import torch

from oddframe.networks.conv_lstm import ConvLSTM


def convolved(picture, weight, bias):
    """``(channels, h, w)``, with zeros around it, pixel by pixel."""
    reach = weight.shape[-1] // 2
    padded = np.pad(picture, ((0, 0), (reach, reach), (reach, reach)))
    found = np.empty((len(weight), *picture.shape[1:]))
    for out, row, column in np.ndindex(*found.shape):
        seen = padded[:, row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        found[out, row, column] = (seen * weight[out]).sum() + bias[out]
    return found


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


@pytest.mark.parametrize("kernel", [1, 3])
def test_states_are_those_of_a_loop_written_by_hand(kernel):
    torch.manual_seed(0)
    layer = ConvLSTM(2, 3, kernel).double()
    clips = torch.randn(2, 4, 2, 5, 4, dtype=torch.float64)
    with torch.no_grad():
        found = layer(clips).numpy()
    of_input, bias = (part.detach().numpy() for part in layer.input.parameters())
    (of_state,) = (part.detach().numpy() for part in layer.state.parameters())
    for clip, states in zip(clips.numpy(), found, strict=True):
        h, c = np.zeros((3, 5, 4)), np.zeros((3, 5, 4))
        for frame, state in zip(clip, states, strict=True):
            gates = convolved(frame, of_input, bias) + convolved(h, of_state, np.zeros(12))
            i, f, o, g = gates[:3], gates[3:6], gates[6:9], gates[9:]
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            np.testing.assert_allclose(state, h, atol=1e-12)


def test_parameters_are_those_published():
    with torch.device("meta"):
        layer = ConvLSTM(512, 512)
    assert sum(part.numel() for part in layer.parameters()) == 18_876_416


def test_a_state_follows_from_earlier_frames_alone():
    layer, clip = ConvLSTM(1, 2), torch.randn(1, 6, 1, 4, 4)
    changed = clip.clone()
    changed[:, 3:] += 1
    with torch.no_grad():
        whole, other, part = layer(clip), layer(changed), layer(clip[:, :3])
    torch.testing.assert_close(whole[:, :3], other[:, :3], rtol=0, atol=0)
    torch.testing.assert_close(whole[:, :3], part)
    assert not torch.allclose(whole[:, 3:], other[:, 3:])
