"""The networks and losses of methods on frames a second time, from descriptions of published code.

Functions of plain PyTorch on state dicts with the published names; nothing of oddframe is imported.
Where oddframe deviates on purpose (``docs/one-class-methods.md``), what is compared here is said at
the function. Images are ``(n, channels, h, w)``.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

State = Mapping[str, Tensor]


def unet(state: State, frames: Tensor, training: bool) -> Tensor:
    """The PyTorch port's U-Net."""
    skips = [_double(state, "inc.conv.conv", frames, training)]
    for level in (1, 2, 3):
        pooled = functional.max_pool2d(skips[-1], 2)
        skips.append(_double(state, f"down{level}.mpconv.1.conv", pooled, training))
    x = skips.pop()
    for level in (1, 2, 3):
        x = functional.conv_transpose2d(x, *_pair(state, f"up{level}.up"), stride=2)
        skip = skips.pop()
        dy, dx = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
        x = functional.pad(x, (dx // 2, dx - dx // 2, dy // 2, dy - dy // 2))
        x = _double(state, f"up{level}.conv.conv", torch.cat([skip, x], 1), training)
    return torch.tanh(functional.conv2d(x, *_pair(state, "outc"), padding=1))


def patch_discriminator(state: State, frames: Tensor) -> Tensor:
    """PatchGAN with zero padding, as in the port."""
    x = frames
    for layer, stride in ((0, 2), (2, 2), (4, 2), (6, 1)):
        x = functional.conv2d(x, *_pair(state, f"net.{layer}"), stride=stride, padding=2)
        x = functional.leaky_relu(x, 0.2)
    return torch.sigmoid(functional.conv2d(x, *_pair(state, "net.8"), padding=2))


def frame_classifier(state: State, frames: Tensor, training: bool) -> Tensor:
    """The thesis' classifier and OGNet's discriminator: probabilities ``(n, outputs)``."""
    x = frames
    for layer in (0, 3, 6, 9):
        x = functional.conv2d(x, *_pair(state, f"discriminator.{layer}"), stride=2, padding=2)
        if layer < 9:
            x = _norm(state, f"discriminator.{layer + 1}", x, training)
        x = functional.relu(x)
    x = functional.linear(x.flatten(1), *_pair(state, "discriminator.12"))
    return torch.sigmoid(x)


def denoising_autoencoder(state: State, images: Tensor, training: bool) -> Tensor:
    """OGNet's generator: the norm follows the ReLU in the last two layers of the encoder."""
    x = images
    for layer, norm in ((0, 1), (3, 4), (6, 8), (9, 11)):
        x = functional.conv2d(x, *_pair(state, f"encoder.{layer}"))
        if layer < 6:
            x = functional.relu(_norm(state, f"encoder.{norm}", x, training))
        else:
            x = _norm(state, f"encoder.{norm}", functional.relu(x), training)
    for layer in (0, 3, 6):
        x = functional.conv_transpose2d(x, *_pair(state, f"decoder.{layer}"))
        x = functional.relu(_norm(state, f"decoder.{layer + 1}", x, training))
    return torch.tanh(functional.conv_transpose2d(x, *_pair(state, "decoder.9")))


def mnad_encode(state: State, frames: Tensor, training: bool) -> tuple[Tensor, list[Tensor]]:
    """MNAD's encoder: the bottleneck and what each pooling is given."""
    skips = []
    x = frames
    for block in (1, 2, 3):
        skips.append(_double(state, f"encoder.moduleConv{block}", x, training))
        x = functional.max_pool2d(skips[-1], 2)
    x = functional.conv2d(x, *_pair(state, "encoder.moduleConv4.0"), padding=1)
    x = functional.relu(_norm(state, "encoder.moduleConv4.1", x, training))
    return functional.conv2d(x, *_pair(state, "encoder.moduleConv4.3"), padding=1), skips


def mnad_decode(state: State, x: Tensor, skips: list[Tensor], training: bool) -> Tensor:
    """MNAD's decoder; without skips it is given none."""
    x = _double(state, "decoder.moduleConv", x, training)
    for block in (3, 2, 1):
        at = f"decoder.moduleUpsample{block + 1}"
        x = functional.conv_transpose2d(
            x, *_pair(state, f"{at}.0"), stride=2, padding=1, output_padding=1
        )
        x = functional.relu(_norm(state, f"{at}.1", x, training))
        if skips:
            x = torch.cat([skips[block - 1], x], 1)
        x = _double(state, f"decoder.moduleDeconv{block}", x, training)
    return torch.tanh(functional.conv2d(x, *_pair(state, "decoder.moduleDeconv1.6"), padding=1))


def queries(bottleneck: Tensor) -> Tensor:
    """A bottleneck as MNAD's queries, one row of length 1 per place, frame after frame."""
    q = bottleneck / bottleneck.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return q.permute(0, 2, 3, 1).reshape(-1, bottleneck.shape[1])


def remembered(bottleneck: Tensor, keys: Tensor) -> Tensor:
    """What the decoder is given: queries, and behind them what the memory answers."""
    n, d, h, w = bottleneck.shape
    q = queries(bottleneck)
    answer = (q @ keys.T).softmax(dim=1).detach() @ keys
    rows = torch.cat([q, answer], 1)
    return rows.reshape(n, h, w, 2 * d).permute(0, 3, 1, 2)


def memory_losses(q: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Compactness and separateness."""
    order = (q @ keys.T).argsort(dim=1, descending=True)
    nearest, second = keys[order[:, 0]], keys[order[:, 1]]
    positive, negative = ((q - key + 1e-6).square().sum(1).sqrt() for key in (nearest, second))
    return (q - nearest).square().mean(), (positive - negative + 1).clamp(min=0).mean()


def updated_memory(q: Tensor, keys: Tensor) -> Tensor:
    """The items after an update by these queries."""
    q = q.detach()
    score = q @ keys.T
    over_queries, nearest = score.softmax(dim=0), score.argmax(dim=1)
    moved = []
    for item, key in enumerate(keys):
        chosen = nearest == item
        share = over_queries[chosen, item] / over_queries[:, item].max()
        moved.append(key + (share[:, None] * q[chosen]).sum(0))
    return functional.normalize(torch.stack(moved), dim=1)


def point_score(made: Tensor, target: Tensor) -> Tensor:
    """Of one frame, images from 0 to 1: its squared error where that is large."""
    error = (made - target).square()
    weight = 1 - torch.exp(-error)
    return (weight * error).sum() / weight.sum()


def flownet2_sd(state: State, first: Tensor, second: Tensor) -> Tensor:
    """Flow in pixels of frames from 0 to 1 whose sides are multiples of 64.

    The published input is 0 to 255, less the mean of each channel over both frames, over 255.
    """
    pair = torch.stack([first, second], 2) * 255
    pair = (pair - pair.flatten(2).mean(2)[:, :, None, None, None]) / 255

    def conv(name: str, x: Tensor, stride: int = 1) -> Tensor:
        found = functional.conv2d(x, *_pair(state, f"{name}.0"), stride=stride, padding=1)
        return functional.leaky_relu(found, 0.1)

    def raised(name: str, x: Tensor) -> Tensor:
        return functional.conv_transpose2d(x, *_pair(state, name), stride=2, padding=1)

    x = conv("conv1_1", conv("conv1", conv("conv0", pair.transpose(1, 2).flatten(1, 2)), 2))
    levels = {}
    for level in (2, 3, 4, 5, 6):
        x = levels[level] = conv(f"conv{level}_1", conv(f"conv{level}", x, 2))
    flow = functional.conv2d(x, *_pair(state, "predict_flow6"), padding=1)
    for level in (5, 4, 3, 2):
        up = functional.leaky_relu(raised(f"deconv{level}.0", x), 0.1)
        flow = raised(f"upsampled_flow{level + 1}_to_{level}", flow)
        x = torch.cat([levels[level], up, flow], 1)
        between = functional.conv2d(x, *_pair(state, f"inter_conv{level}.0"), padding=1)
        flow = functional.conv2d(between, *_pair(state, f"predict_flow{level}"), padding=1)
    return functional.interpolate(20 * flow, scale_factor=4, mode="bilinear", align_corners=False)


def intensity(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).square().mean()


def gradient(prediction: Tensor, target: Tensor) -> Tensor:
    """L1 between the strengths of the edges, with zeros right of and below the frame."""
    total = prediction.new_zeros(())
    for axis in (2, 3):
        strengths = []
        for images in (target, prediction):
            beyond = images.narrow(axis, 0, 1) * 0
            strengths.append((torch.cat([images, beyond], axis).diff(dim=axis)).abs())
        total = total + (strengths[0] - strengths[1]).abs().mean()
    return total


def fools(answers: Tensor) -> Tensor:
    """LSGAN's loss of a generator."""
    return (answers - 1).square().mean() / 2


def judges(real: Tensor, made: Tensor) -> Tensor:
    """LSGAN's loss of a discriminator."""
    return (real - 1).square().mean() / 2 + made.square().mean() / 2


def entropy(probability: Tensor, answer: float) -> Tensor:
    """Binary cross-entropy against one answer."""
    chosen = probability if answer else 1 - probability
    return -chosen.log().mean()


def psnr(prediction: Tensor, target: Tensor) -> Tensor:
    """Of each image, from -1 to 1; the peak is 1 in the range 0 to 1."""
    squared = ((prediction + 1) / 2 - (target + 1) / 2).square().mean(dim=(1, 2, 3))
    return 10 * (1 / squared).log10()


def _double(state: State, at: str, x: Tensor, training: bool) -> Tensor:
    for layer in (0, 3):
        weight, bias = state[f"{at}.{layer}.weight"], state.get(f"{at}.{layer}.bias")
        x = functional.conv2d(x, weight, bias, padding=1)
        x = functional.relu(_norm(state, f"{at}.{layer + 1}", x, training))
    return x


def _norm(state: State, at: str, x: Tensor, training: bool) -> Tensor:
    mean, variance = state[f"{at}.running_mean"], state[f"{at}.running_var"]
    return functional.batch_norm(x, mean, variance, *_pair(state, at), training)


def _pair(state: State, at: str) -> tuple[Tensor, Tensor]:
    return state[f"{at}.weight"], state[f"{at}.bias"]
