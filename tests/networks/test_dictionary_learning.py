"""Dictionary learning: against scikit-learn, and on data whose dictionary is known."""

import numpy as np
import pytest
from sklearn.decomposition import MiniBatchDictionaryLearning
from sklearn.linear_model import orthogonal_mp

from oddframe.errors import OddframeError
from oddframe.networks import dictionary_learning
from oddframe.networks.dictionary_learning import (
    code_dictionary,
    learn_dictionary,
    normal_dictionary,
    read_dictionary,
    sparse_codes,
)


def sparse_data(count=300, dimensions=20, slots=25, noise=0.01):
    """Vectors made of two atoms each, and the atoms."""
    random = np.random.default_rng(0)
    atoms = random.normal(size=(slots, dimensions))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes = np.zeros((count, slots))
    for row in codes:
        row[random.choice(slots, 2, replace=False)] = random.uniform(1, 3, 2)
    return codes @ atoms + random.normal(0, noise, (count, dimensions)), atoms


def relative_error(vectors, codes, atoms):
    return np.linalg.norm(vectors - codes @ atoms) / np.linalg.norm(vectors)


@pytest.mark.parametrize("nonzero", [1, 2, 4])
def test_codes_are_those_of_scikit_learn(nonzero):
    vectors, atoms = sparse_data(count=60)
    expected = orthogonal_mp(atoms.T, vectors.T, n_nonzero_coefs=nonzero).T
    np.testing.assert_allclose(sparse_codes(vectors, atoms, nonzero), expected, atol=1e-9)


def test_known_atoms_are_found_again():
    vectors, atoms = sparse_data()
    found, codes = learn_dictionary(vectors, 25, seed=0)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert (np.count_nonzero(codes, axis=1) <= 2).all()
    assert np.mean(np.abs(atoms @ found.T).max(axis=1) > 0.99) >= 0.8


def test_error_is_at_most_that_of_scikit_learn():
    vectors, _ = sparse_data()
    other = MiniBatchDictionaryLearning(
        25,
        max_iter=10,
        batch_size=32,
        random_state=42,
        transform_algorithm="omp",
        transform_n_nonzero_coefs=2,
    ).fit(vectors)
    theirs = relative_error(vectors, other.transform(vectors), other.components_)
    atoms, codes = learn_dictionary(vectors, 25, seed=0)
    assert relative_error(vectors, codes, atoms) <= theirs


def test_learning_improves_on_the_first_atoms(monkeypatch):
    vectors, _ = sparse_data()
    errors = []
    for sweeps in (0, 1, 20):
        monkeypatch.setattr(dictionary_learning, "_SWEEPS", sweeps)
        atoms, codes = learn_dictionary(vectors, 25, 0)
        errors.append(relative_error(vectors, codes, atoms))
    assert errors[0] > errors[1] > 1.5 * errors[2]


@pytest.mark.parametrize("learn", [normal_dictionary, code_dictionary])
def test_the_seed_fixes_the_result(learn):
    vectors, _ = sparse_data(count=40)
    first, again = learn(vectors, 10, 3), learn(vectors, 10, 3)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, learn(vectors, 10, 4))


def test_atoms_have_the_scale_and_the_sign_of_the_vectors():
    vectors = np.random.default_rng(0).uniform(3, 5, (30, 16))
    atoms = normal_dictionary(vectors, 15, seed=0)
    assert atoms.shape == (15, 16)
    norms = np.linalg.norm(atoms, axis=1)
    np.testing.assert_allclose(norms, np.linalg.norm(vectors, axis=1).mean(), rtol=1e-5)
    # Every vector points into the same octant, and so does what rebuilds them.
    assert (atoms.mean(axis=1) > 0).mean() > 0.5


def test_codes_give_every_channel_two_slots():
    vectors, _ = sparse_data(count=30, dimensions=48)
    codes = code_dictionary(vectors, 15, seed=0)
    assert codes.shape == (15, 48)
    assert (np.count_nonzero(codes, axis=0) == 2).all()
    atoms, _ = learn_dictionary(vectors.T, 15, seed=0)
    plain = np.linalg.norm(vectors.T - codes.T @ atoms) / np.linalg.norm(vectors)
    assert plain < 0.8


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((4, 6)), np.ones((4, 6)), np.eye(1, 6), np.vstack([np.zeros(6), np.eye(3, 6)])],
)
@pytest.mark.parametrize("slots", [1, 3, 9])
def test_degenerate_vectors_give_finite_atoms(vectors, slots):
    atoms, codes = learn_dictionary(vectors, slots, seed=0)
    assert atoms.shape == (slots, 6)
    assert np.isfinite(atoms).all()
    assert np.isfinite(codes).all()
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1)


def test_a_released_file_is_read(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 32))
    np.save(tmp_path / "d.npy", array)
    found = read_dictionary(tmp_path / "d.npy")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, array, rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros(5), "float64 (5,)"),
        (np.zeros((2, 3), int), "int64 (2, 3)"),
        (np.array([[1.0, np.nan]]), "not finite"),
        (np.zeros((0, 3)), "(0, 3)"),
        (np.array([{"a": 1}], dtype=object), "never loaded"),
        (b"no array at all", "no file of NumPy"),
        (b"", "no file of NumPy"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_no_dictionary_is_one_clear_line(tmp_path, content, words):
    path = tmp_path / "d.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(OddframeError) as caught:
        read_dictionary(path)
    assert words in str(caught.value)
    assert "d.npy" in str(caught.value)
    assert "\n" not in str(caught.value)
