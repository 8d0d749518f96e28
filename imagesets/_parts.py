"""Small images that come as arrays, in an official training and an official test part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.pictures import Pictures

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


def official_parts(
    train: Pixels,
    test: Pixels,
    train_labels: Labels,
    test_labels: Labels,
    *,
    validation: int,
    card: dict[str, Any],
) -> Pictures:
    """Return images (n, 3, h, w) with their classes; the last of training are for validation."""
    learned = len(train) - validation
    names = [f"train {number}" for number in range(len(train))]
    names += [f"test {number}" for number in range(len(test))]

    def read(row: int) -> Pixels:
        image = train[row] if row < len(train) else test[row - len(train)]
        return np.ascontiguousarray(image)

    return Pictures(
        names=names,
        read=read,
        split=["train"] * learned + ["val"] * validation + ["test"] * len(test),
        labels=np.concatenate([train_labels, test_labels]).tolist(),
        card=card,
        shape=(3, *train.shape[2:]),
    )
