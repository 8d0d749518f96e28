"""What incremental GLO leaves out where its settings say so: clusters, and an encoder."""

from pathlib import Path

import pytest

from methods import incremental_glo
from priorbench import models
from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.loop import Loop
from priorbench.observations import undamaged
from tests import toy
from tests.test_incremental_glo import run


def test_an_encoder_that_was_never_fitted_predicts_no_code(tmp_path: Path) -> None:
    model, _ = run(tmp_path, steps_encoder=0)
    assert not models.has(model, "encode")
    seen = undamaged(Images(toy.smooth())[:2])
    cfg = incremental_glo.RestoreConfig(steps=2, start="encoder")
    with pytest.raises(UserError, match="steps_encoder is 0"):
        incremental_glo.restore(model, seen, cfg, Loop(tmp_path / "restore", 0, ids=seen.ids))


def test_without_representatives_nothing_is_clustered(tmp_path: Path) -> None:
    # the weights of the network that would cluster are not there
    _, loop = run(tmp_path, representatives=(), steps=(0,), features="vgg")
    assert [*loop.clock.laps] == ["subset1", "all", "encoder"]
