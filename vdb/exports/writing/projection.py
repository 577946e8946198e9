"""Two coordinates for every vector: along the principal axes, and by UMAP from neighbours.

The axes are those of principal component analysis (Jolliffe, Principal Component Analysis, 2002),
computed from parts of the collection, so that memory does not grow with it. UMAP (McInnes, Healy
and Melville, arXiv:1802.03426) begins with the coordinates along them, as Kobak and Linderman
(Nature Biotechnology 39, 2021) advise.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.exports.content import Content, ExportBatch
from vdb.exports.writing.neighbor_lists import NeighborLists
from vdb.exports.writing.requirements import with_vectors

__all__ = ["PrincipalAxes", "part_of", "principal_axes", "umap_layout", "umap_module"]

_WIDEST: Final = 2048  # numbers of a vector, for a whole matrix of covariances: 32 MiB
_CANDIDATES: Final = 16  # axes at once, where there is no room for it
_ROUNDS: Final = 8  # of reading, for these


class PrincipalAxes(NamedTuple):
    """The two directions in which vectors differ most.

    Attributes:
        mean: The mean vector, float64 (dim,).
        axes: Unit vectors, float64 (2, dim); the largest number of each is positive.
        shares: The shares of the variance along them, float64 (2,).
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    shares: NDArray[np.float64]

    def coordinates(self, content: Content, batch: ExportBatch) -> NDArray[np.float64]:
        """The coordinates of the vectors of a batch, (n, 2)."""
        places: NDArray[np.float64] = (_numbers(content, batch) - self.mean) @ self.axes.T
        return places


def part_of(content: Content, place: int, places: int) -> Content:
    """The collection, whose readings are part `place` of so many in what progress is told."""
    progress = content.progress
    if progress is None:
        return content
    return replace(
        content, progress=lambda done, total: progress((place * total + done) // places, total)
    )


def principal_axes(content: Content, seed: int = 0) -> PrincipalAxes:
    """The axes of the vectors of a collection; under cosine, of vectors of length 1.

    Of more than 2,048 dimensions by subspace iteration, which reads all vectors eight times more.

    Args:
        content: A collection whose dimension is known.
        seed: Draws the first directions of that iteration.
    """
    dim = content.dim or 0
    if dim <= _WIDEST:
        mean, covariances = _covariances(content, dim)
        total = float(np.trace(covariances))
        variances, vectors = np.linalg.eigh(covariances)
        variances, axes = variances[::-1][:2], vectors[:, ::-1][:, :2].T
    else:
        mean, total = _spread(content, dim)
        variances, axes = _leading(content, mean, seed)
    if len(axes) < 2:
        axes = np.vstack([axes, np.zeros((2 - len(axes), dim))])
        variances = np.append(variances, 0.0)
    largest = np.abs(axes).argmax(axis=1)
    signs = np.where(axes[np.arange(2), largest] < 0, -1.0, 1.0)
    shares = np.maximum(variances, 0.0) / total if total > 0 else np.zeros(2)
    return PrincipalAxes(mean, axes * signs[:, None], shares)


def _numbers(content: Content, batch: ExportBatch) -> NDArray[np.float64]:
    """The vectors, (n, dim): bits as 0 and 1, and under cosine only their directions."""
    if content.dtype == "bit":
        bits = np.unpackbits(batch.vectors.view(np.uint8), axis=1, count=content.dim)
        return bits.astype(np.float64)
    numbers: NDArray[np.float64] = batch.vectors.astype(np.float64)
    if content.metric == "cosine":
        numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    return numbers


def _covariances(content: Content, dim: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and the matrix of covariances."""
    origin, shift, products = _moments(content, dim, lambda numbers: numbers.T @ numbers)
    return origin + shift, products - np.outer(shift, shift)


def _spread(content: Content, dim: int) -> tuple[NDArray[np.float64], float]:
    """The mean, and the sum of the variances."""
    origin, shift, squares = _moments(
        content, dim, lambda numbers: np.einsum("ij,ij->j", numbers, numbers)
    )
    return origin + shift, float((squares - shift * shift).sum())


def _moments(
    content: Content, dim: int, product: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], Any]:
    """A point near the mean, how far the mean is from it, and the mean product of what is left.

    The point is the mean of the first batch: differences from it are small, and their products
    exact.
    """
    count = 0
    products: Any = 0.0
    origin, total = np.zeros(dim), np.zeros(dim)
    for batch in with_vectors(content, payloads=False):
        numbers = _numbers(content, batch)
        if not count:
            origin = numbers.mean(axis=0)
        numbers -= origin
        count += len(numbers)
        total += numbers.sum(axis=0)
        products = products + product(numbers)
    return origin, total / max(1, count), products / max(1, count)


def _leading(
    content: Content, mean: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two largest variances and their axes.

    By subspace iteration: Halko, Martinsson and Tropp, SIAM Review 53, 2011.
    """
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(len(mean), _CANDIDATES)))[0]
    for _ in range(_ROUNDS - 1):
        basis = np.linalg.qr(_image(content, mean, basis))[0]
    inner = basis.T @ _image(content, mean, basis)
    variances, turns = np.linalg.eigh((inner + inner.T) / 2)
    return variances[::-1][:2], (basis @ turns[:, ::-1][:, :2]).T


def _image(
    content: Content, mean: NDArray[np.float64], basis: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The matrix of covariances times the basis."""
    image = np.zeros_like(basis)
    for batch in with_vectors(content, payloads=False):
        numbers = _numbers(content, batch) - mean
        image += numbers.T @ (numbers @ basis)
    return image / content.with_vector


def umap_module() -> Any | None:
    """The module umap, or None where umap-learn is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that Tensorflow, for another class, is not there
            return import_module("umap")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "umap":
            raise
        return None


def umap_layout(
    umap: Any, lists: NeighborLists, start: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Coordinates by UMAP, from the neighbours alone; the same for the same seed.

    Args:
        umap: The module.
        lists: The neighbours.
        start: The coordinates to begin with, (n, 2).
        seed: Draws the steps.
    """
    rng = np.random.default_rng(seed)
    low, high = start.min(axis=0), start.max(axis=0)
    begin = (start - low) / np.where(high > low, high - low, 1.0)
    flat = high <= low
    begin[:, flat] = rng.uniform(size=(len(begin), int(flat.sum())))
    begin = begin.astype(np.float32)
    layout = umap.UMAP(
        n_neighbors=lists.rows.shape[1],
        precomputed_knn=(lists.rows.copy(), lists.distances.copy()),
        init=begin,
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that new vectors cannot be placed
        places = layout.fit_transform(begin)  # its numbers are counted only
    return np.asarray(places, np.float64)
