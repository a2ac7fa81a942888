"""A one-class support vector machine with a linear kernel, kept as the one plane that it is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError


def require_scikit_learn() -> None:
    """Refuse before anything is measured that could not be fitted.

    Raises:
        OddframeError: scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise OddframeError(
            "a one-class SVM needs scikit-learn, which is not installed; install it with: "
            f"{how_to_install('svm')}"
        )


@dataclass(frozen=True)
class Hyperplane:
    """The plane that keeps normal features from the origin.

    Source: Schoelkopf et al., "Estimating the Support of a High-Dimensional Distribution", Neural
    Computation 2001. With a linear kernel the machine's decision is ``w x - rho``, ``w`` being the
    weighted sum of its support vectors, so these need not be kept. ``w`` and ``rho`` grow with
    ``nu`` and the number of rows; divided by the length of ``w`` they do not.

    Attributes:
        normal: ``w / |w|``, float32 ``(channels,)``.
        offset: ``rho / |w|``.
        support: how many support vectors there were.
    """

    normal: np.ndarray
    offset: float
    support: int

    @classmethod
    def fit(cls, rows: np.ndarray, nu: float) -> Hyperplane:
        """Fit to normal features.

        Args:
            rows: float32 ``(n, channels)``; their Gram matrix ``(n, n)`` is what is optimised on.
            nu: the largest share of the rows that may be on the wrong side, and the least that are
                support vectors; above 0 and below 1, where the plane would lie anywhere.

        Raises:
            OddframeError: scikit-learn is not installed.
        """
        require_scikit_learn()
        from sklearn.svm import OneClassSVM

        machine = OneClassSVM(kernel="precomputed", nu=nu).fit((rows @ rows.T).astype(np.float64))
        alphas = np.zeros(len(rows))
        alphas[machine.support_] = machine.dual_coef_[0]
        normal = alphas @ rows
        # No row says anything where all of them are 0.
        length = float(np.linalg.norm(normal)) or 1.0
        offset = float(machine.offset_[0]) / length
        return cls((normal / length).astype(np.float32), offset, len(machine.support_))

    def outside(self, row: np.ndarray) -> float:
        """How far a row ``(channels,)`` lies on the odd side; negative on the normal one."""
        return self.offset - float(self.normal @ row)
