"""Claims written by hand beside fabricated results, for the tests of either."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from priorbench.claims import Claim, read
from priorbench.registry import describe
from priorbench.results import Results
from tests.fabricated import CUT, SIDE, TEST, Fabricated, experiment
from workflow.judging import Judged, evaluate

METHODS = ("lcm", "glo", "dip", "incremental_glo", CUT)
SUBJECTS: dict[str, Any] = {
    "mean fill": {"control": "mean fill"},
    "bicubic": {"control": "bicubic"},
    "originals": {"control": "originals"},
    "noisy": {"plugin": "incremental_glo", "train": {"noise_weight": {"above": 0}}},
    "either": [{"plugin": "dip"}, {"control": "mean fill"}],
    "quiet": {"plugin": "incremental_glo", "train": {"noise_weight": 0.0}},
}
PUBLISHED = """imageset,resolution,label,method,value,unit,better,images,protocol,unknown
photos,32,DIP,dip,{dip},dB,higher,{images},a table,
photos,32,LCM,lcm,28.8,dB,higher,{images},a table,
photos,32,GLO,glo,28.2,dB,higher,{images},a table,
"""
ORDER: dict[str, Any] = {
    "kind": "order",
    "rows": ["dip"],
    "against": ["glo"],
    "images": {"plugin": "photos", "size": SIDE},
    "task": {"plugin": "hole"},
    "metric": {"plugin": "psnr"},
    "same_images": True,
}
VALUE = {"kind": "value", "against": None, "margin": 0.5, "published": {"file": "table"}}


def full(folder: Path) -> Fabricated:
    """Fabricate results of every task and of methods that differ in all that claims ask for."""
    rows: dict[str, Any] = {"methods": {m: {} for m in METHODS}, "metrics": {"psnr": {}, "fid": {}}}
    return Fabricated(folder, experiment(energy={}, **rows))


def few(folder: Path, **changes: Any) -> Fabricated:
    """Fabricate results of one task and few rows."""
    told: dict[str, Any] = {
        "methods": {m: {} for m in ("dip", "glo", "lcm")},
        "tasks": {"hole": {}},
    }
    told |= {"metrics": {"psnr": {}}, "energy": {}, "seeds": [0]}
    return Fabricated(folder, experiment(**{**told, **changes}))


def training(*names: str) -> dict[str, Any]:
    """Return for each subject that is trained an option, as it is by default."""
    told = {}
    for name in names:
        told_of = SUBJECTS.get(name, {"plugin": name})
        plugin = told_of.get("plugin") if isinstance(told_of, dict) else None
        fields = describe("methods", str(plugin)).configs.get("TrainConfig") if plugin else {}
        if fields:
            first = next(iter(fields))
            told[name] = {first: fields[first].default}
    return told


def state(
    folder: Path, *entries: dict[str, Any], dip: float = 30.0, images: int = TEST
) -> list[Claim]:
    """Write claims with their table, and read them; what they do not tell is as it is here."""
    (folder / "table.csv").write_text(PUBLISHED.format(dip=dip, images=images))
    told = []
    for n, entry in enumerate(entries):
        head = {"id": f"claim{n}", "sentence": "It is so.", "source": "a paper"}
        full = {**head, **ORDER, **entry}
        subjects = (*full["rows"], *(full["against"] or ()))
        full = {"training": training(*subjects), **full}
        told.append({key: value for key, value in full.items() if value is not None})
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump({"subjects": SUBJECTS, "claims": told}))
    return read(path, folder)


def judged(results: Results, folder: Path, **entry: Any) -> Judged:
    """Return the verdict on one claim in one place."""
    tested = entry.pop("images_tested", TEST)
    found = evaluate(results, state(folder, entry, dip=entry.pop("dip", 30.0), images=tested))
    assert len(found) == 1
    return found[0]


def alike(results: Fabricated, method: str, other: str, add: float = 0.0) -> Results:
    """Give a method the scores of another in the hole, and a little more."""
    path = results.scores / "hole.csv"
    scores = pd.read_csv(path)
    own, source = (scores["method"] == name for name in (method, other))
    scores.loc[own, "value"] = scores.loc[source, "value"].to_numpy() + add
    scores.to_csv(path, index=False)
    return results.results


def mean(results: Results, method: str, region: str = "raw") -> float:
    """Return the mean PSNR of a row in the hole."""
    scores = results.scores(task="hole", metric="psnr", region=region, method=method)
    return float(scores["value"].mean())
