"""Dictionary learning: atoms of which few, weighted, rebuild a vector.

Sparse coding by orthogonal matching pursuit, atoms improved one by one as in approximate K-SVD
(Rubinstein, Zibulevsky and Elad 2008, Efficient implementation of the K-SVD algorithm).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_array

_NONZERO = 2
"""Atoms that a learnt vector is made of."""
_SWEEPS = 50
"""Rounds of coding and improving at most; fewer once one gains less than ..."""
_LEAST_GAIN = 1e-4
"""... this."""


def sparse_codes(vectors: np.ndarray, atoms: np.ndarray, nonzero: int) -> np.ndarray:
    """Codes by orthogonal matching pursuit.

    Args:
        vectors: ``(n, dimensions)``.
        atoms: ``(slots, dimensions)``, each of norm 1.
        nonzero: atoms per vector.

    Returns:
        ``(n, slots)`` with at most ``nonzero`` entries other than 0 per row.
    """
    rows = np.arange(len(vectors))
    chosen = np.zeros((len(vectors), 0), dtype=np.intp)
    codes = np.zeros((len(vectors), len(atoms)))
    residual = vectors
    for _ in range(min(nonzero, len(atoms))):
        match = np.abs(residual @ atoms.T)
        np.put_along_axis(match, chosen, -1.0, axis=1)
        chosen = np.column_stack([chosen, match.argmax(axis=1)])
        basis = atoms[chosen]
        # The pseudo-inverse bears two equal atoms, or a vector of zeros.
        inverse = np.linalg.pinv(basis @ basis.transpose(0, 2, 1), hermitian=True)
        weights = np.einsum("nij,njd,nd->ni", inverse, basis, vectors, optimize=True)
        residual = vectors - np.einsum("ni,nid->nd", weights, basis)
        codes[rows[:, None], chosen] = weights
    return codes


def learn_dictionary(vectors: np.ndarray, slots: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Atoms and codes whose product is close to the vectors.

    Args:
        vectors: ``(n, dimensions)``, finite.
        slots: atoms to learn, at least 1.
        seed: fixes the first atoms, which are drawn from the vectors.

    Returns:
        Atoms ``(slots, dimensions)`` of norm 1 and codes ``(n, slots)``, float64.
    """
    random = np.random.default_rng(seed)
    vectors = np.asarray(vectors, dtype=np.float64)
    scale = max(float(np.linalg.norm(vectors)), 1e-12)
    atoms = _first_atoms(vectors, slots, random)
    last = np.inf
    for _ in range(_SWEEPS):
        codes = sparse_codes(vectors, atoms, _NONZERO)
        residual = vectors - codes @ atoms
        error = float(np.linalg.norm(residual)) / scale
        if last - error < _LEAST_GAIN:
            break
        last = error
        _improve(atoms, codes, residual)
    return atoms, sparse_codes(vectors, atoms, _NONZERO)


def _first_atoms(vectors: np.ndarray, slots: int, random: np.random.Generator) -> np.ndarray:
    count = len(vectors)
    atoms = vectors[random.permutation(count)[:slots]]
    if slots > count:
        atoms = np.concatenate([atoms, random.normal(size=(slots - count, vectors.shape[1]))])
    norms = np.linalg.norm(atoms, axis=1, keepdims=True)
    empty = norms[:, 0] < 1e-12
    atoms[empty] = random.normal(size=(int(empty.sum()), vectors.shape[1]))
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


def _improve(atoms: np.ndarray, codes: np.ndarray, residual: np.ndarray) -> None:
    """One sweep over the atoms, in place; ``residual`` is kept up to date."""
    idle = np.flatnonzero(~codes.any(axis=0))
    for slot in np.flatnonzero(codes.any(axis=0)):
        users = np.flatnonzero(codes[:, slot])
        weights = codes[users, slot]
        wanted = residual[users] + np.outer(weights, atoms[slot])
        atom = weights @ wanted
        norm = np.linalg.norm(atom)
        if norm > 0:
            atoms[slot] = atom / norm
            codes[users, slot] = wanted @ atoms[slot]
            residual[users] = wanted - np.outer(codes[users, slot], atoms[slot])
    # An idle atom starts again at one of the vectors that are rebuilt worst.
    errors = np.linalg.norm(residual, axis=1)
    worst = errors.argsort()[::-1][: len(idle)]
    for slot, row in zip(idle, worst[errors[worst] > 0], strict=False):
        atoms[slot] = residual[row] / errors[row]


def normal_dictionary(vectors: np.ndarray, slots: int, seed: int) -> np.ndarray:
    """Atoms of normal life on the scale of the vectors.

    An atom of norm 1 would give attention next to nothing to tell slots apart, so atoms get the
    mean norm of the vectors, and the sign with which the vectors use them.

    Args:
        vectors: ``(videos, channels)``.
        slots: atoms.
        seed: fixes the result.

    Returns:
        float32 ``(slots, channels)``.
    """
    atoms, codes = learn_dictionary(vectors, slots, seed)
    signs = np.where(codes.sum(axis=0) < 0, -1.0, 1.0)
    scale = np.linalg.norm(vectors, axis=1).mean()
    return (atoms * signs[:, None] * scale).astype(np.float32)


def code_dictionary(vectors: np.ndarray, slots: int, seed: int) -> np.ndarray:
    """The codes of the channels, as S3R's released files store them.

    There a channel is a sample whose dimensions are the videos, and its code over the slots, not
    the atoms, is kept: every channel has at most two slots that are not 0.

    Args:
        vectors: ``(videos, channels)``.
        slots: columns of the code matrix.
        seed: fixes the result.

    Returns:
        float32 ``(slots, channels)``.
    """
    _, codes = learn_dictionary(vectors.T, slots, seed)
    return np.ascontiguousarray(codes.T, dtype=np.float32)


def read_dictionary(path: Path) -> np.ndarray:
    """A released dictionary file (``.npy``).

    Returns:
        float32 ``(slots, channels)``.

    Raises:
        OddframeError: no readable array of finite numbers with two axes.
    """
    array = read_array(path, "a dictionary", "give the released file")
    if array.ndim != 2 or array.dtype.kind != "f":
        raise OddframeError(
            f"{path}: expected a dictionary, a float array (slots, channels), found {array.dtype} "
            f"{array.shape}; give the released file"
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, refused below
        array = array.astype(np.float32)
    if not array.size or not np.isfinite(array).all():
        found = "numbers that are not finite" if array.size else f"the shape {array.shape}"
        raise OddframeError(f"{path}: expected a dictionary of finite numbers, found {found}")
    return array
