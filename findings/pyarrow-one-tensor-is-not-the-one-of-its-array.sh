#!/usr/bin/env bash
# One would guess: of an array of fixed-shape tensors with a permutation, element 0 as a numpy array is row 0 of the
# whole array as a numpy array.
# What happens: both have the permuted shape, but FixedShapeTensorScalar.to_numpy() steps through memory by other
# strides: of a stored [[0, 1, 2], [3, 4, 5]] it has the 2 twice and the 5 not at all, where FixedShapeTensorArray.
# to_numpy_ndarray() has the transpose. Without a permutation they agree.
# pyarrow 26.0.1, numpy 2.4.6; seen by running it (the type: "Fixed shape tensor" of Arrow's canonical extension types).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import pyarrow as pa

print("pyarrow", pa.__version__)
storage = pa.array([[0, 1, 2, 3, 4, 5]], pa.list_(pa.float32(), 6))
stored = np.arange(6, dtype=np.float32).reshape(2, 3)
for permutation in (None, [1, 0]):
    kind = pa.fixed_shape_tensor(pa.float32(), [2, 3], permutation=permutation)
    tensors = pa.ExtensionArray.from_storage(kind, storage)
    whole, one = tensors.to_numpy_ndarray()[0], tensors[0].to_numpy()
    print("permutation", permutation, "\nof the array:", whole.tolist(), "\nof the element:", one.tolist())
    assert whole.shape == one.shape
    if permutation is None:
        assert np.array_equal(whole, one) and np.array_equal(whole, stored)
    else:
        assert np.array_equal(whole, stored.T)
        assert sorted(one.ravel().tolist()) == [0, 1, 2, 2, 3, 4]
PY
