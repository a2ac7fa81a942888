"""The stacked RNN against loops over its numbers, and against what its layers run towards."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import Lasso

from oddframe.networks.stacked_rnn import Carried, StackedRNN

WIDTH, FRAMES, PATCHES = 6, 5, 3
L1, L2 = 0.1, 0.3


def network(seed=0, **changes):
    torch.manual_seed(seed)
    options = {"layers": 3, "decodes": True, "as_published": True, "l1": L1, "l2": L2, **changes}
    return StackedRNN(options.pop("width", WIDTH), **options).double()


def sequence(seed=1, scale=4.0):
    random = np.random.default_rng(seed)
    return torch.from_numpy(scale * random.random((PATCHES, FRAMES, WIDTH)))


def by_hand(found, values, gamma):
    """Codes and errors of one sequence ``(frames, width)``, number by number."""
    dictionary = found.dictionary.detach().numpy()
    decoder = dictionary if found.decoder is None else found.decoder.detach().numpy()
    width = range(WIDTH)

    def shrunk(value):
        return math.copysign(max(abs(value) - L1 / gamma, 0), value)

    def seen_again(code):
        shown = [sum(dictionary[i, j] * code[j] for j in width) for i in width]
        return [sum(dictionary[i, j] * shown[i] for i in width) for j in width]

    code, before, errors = [0.0] * WIDTH, [0.0] * WIDTH, []
    for feature in values:
        near = math.exp(-sum((a - b) ** 2 for a, b in zip(feature, before, strict=True)) / 100)
        drive = [sum(dictionary[i, j] * feature[i] for i in width) / gamma for j in width]
        old, again = code, seen_again(code)
        first = L2 if found.as_published else 1.0
        code = [shrunk(old[j] - first / gamma * again[j] + drive[j]) for j in width]
        for _ in range(2):
            again = seen_again(code)
            code = [
                shrunk(
                    L2 / gamma * near * old[j]
                    + code[j]
                    - again[j] / gamma
                    - L2 / gamma * near * code[j]
                    + drive[j]
                )
                for j in width
            ]
        shown = [sum(decoder[i, j] * code[j] for j in width) for i in width]
        errors.append(sum((a - b) ** 2 for a, b in zip(feature, shown, strict=True)) / 2)
        before = feature
    return code, errors


@pytest.mark.parametrize("decodes", [True, False])
@pytest.mark.parametrize("as_published", [True, False])
def test_layers_are_those_of_a_loop(decodes, as_published):
    found = network(decodes=decodes, as_published=as_published)
    with torch.no_grad():
        found.gamma.fill_(1.5)
        errors, carried = found.errors(sequence())
    for patch, values in enumerate(sequence().numpy()):
        code, wanted = by_hand(found, values, 1.5)
        np.testing.assert_allclose(carried.code[patch], code, atol=1e-12)
        np.testing.assert_allclose(errors[patch], wanted, rtol=1e-6)


def test_the_switch_matters_once_there_is_a_code_before():
    published, plain = (network(as_published=switch) for switch in (True, False))
    with torch.no_grad():
        one, other = (found.errors(sequence())[0] for found in (published, plain))
    torch.testing.assert_close(one[:, 0], other[:, 0])
    assert (one[:, 1:] - other[:, 1:]).abs().min() > 1e-6


def test_many_layers_are_the_lasso():
    """Without a frame before, or coherence, ISTA comes to the lasso of the dictionary."""
    found = network(layers=3000, l2=0.0, decodes=False)
    feature = sequence()[:, 0]
    with torch.no_grad():
        code = found.code(feature, found.begin(feature)).numpy()
    dictionary = found.dictionary.detach().numpy()
    for row, own in zip(code, feature.numpy(), strict=True):
        # scikit-learn divides the squared error by the number of rows.
        lasso = Lasso(alpha=L1 / WIDTH, fit_intercept=False, tol=1e-12, max_iter=100_000)
        np.testing.assert_allclose(row, lasso.fit(dictionary, own).coef_, atol=1e-5)


def test_many_layers_are_the_coherent_sparse_code():
    """With coherence, to the lasso of rows that pull the code to the one before."""
    found = network(layers=3000, decodes=False)
    before, now = sequence()[:, 0], sequence()[:, 1]
    old = torch.from_numpy(np.random.default_rng(3).normal(size=(PATCHES, WIDTH)))
    with torch.no_grad():
        code = found.code(now, Carried(before, old)).numpy()
    dictionary = found.dictionary.detach().numpy()
    for patch in range(PATCHES):
        near = math.exp(-float((now[patch] - before[patch]).square().sum()) / 100)
        pull = math.sqrt(L2 * near)
        rows = np.concatenate([dictionary, pull * np.eye(WIDTH)])
        wanted = np.concatenate([now[patch].numpy(), pull * old[patch].numpy()])
        lasso = Lasso(alpha=L1 / len(rows), fit_intercept=False, tol=1e-12, max_iter=100_000)
        np.testing.assert_allclose(code[patch], lasso.fit(rows, wanted).coef_, atol=1e-5)


def test_a_sequence_in_parts_is_the_whole():
    found = network()
    with torch.no_grad():
        whole, last = found.errors(sequence())
        first, carried = found.errors(sequence()[:, :2])
        second, end = found.errors(sequence()[:, 2:], carried)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(end.code, last.code)
    torch.testing.assert_close(end.feature, last.feature)


@pytest.mark.parametrize(("decodes", "parameters"), [(True, 8_388_611), (False, 4_194_304)])
def test_parameters_are_those_published(decodes, parameters):
    with torch.device("meta"):
        found = network(width=2048, decodes=decodes)
    assert sum(part.numel() for part in found.parameters()) == parameters


@pytest.mark.parametrize("width", [64, 320])
def test_first_weights_are_at_the_limit_of_ista(width):
    found = network(width=width)
    bound = math.sqrt(6 / (2 * width)) / 2
    for matrix, most in ((found.dictionary, bound), (found.decoder, bound / 2)):
        values = matrix.detach().numpy()
        assert 0.98 * most < np.abs(values).max() <= most
        assert values.std() == pytest.approx(most / math.sqrt(3), rel=0.03)
    largest = np.linalg.norm(found.dictionary.detach().numpy(), 2) ** 2
    assert largest == pytest.approx(1, abs=0.15)
