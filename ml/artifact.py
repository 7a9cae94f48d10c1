"""A fitted anomaly model as bytes and back: skops, which runs no code on loading.

Only scikit-learn's own types, arrays and plain values are inside; skops refuses anything else, and
a file that is not the one registered is refused for its sha256.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import asdict
from typing import Any

import pandas as pd
import skops.io

from ml.anomaly import AnomalyModel
from ml.anomaly_params import AnomalyParams
from ml.judging import FleetFloors
from ml.rarity import Rarities
from ml.residuals import Floors
from ml.tails import Tail

# A tree's node indices are used unchecked; the sha256 vouches that they are those of the fit.
_TRUSTED = ["sklearn.tree._tree.Tree"]


class CorruptArtifact(RuntimeError):
    """The artifact is not the one that was registered; the message is one line."""


def dump(model: AnomalyModel) -> bytes:
    """The settings and what was fitted; the series' state is rebuilt from the frame.

    Two dumps of one model differ (skops writes object ids), so the sha256 is that of one dump.
    """
    content: bytes = skops.io.dumps(
        {
            "params": json.dumps(asdict(model.params)),
            "pipeline": model.pipeline,
            "floors": asdict(model.floors),
            "rarities": [
                [None if tail is None else asdict(tail) for tail in tails]
                for tails in model.rarities.tails
            ],
            "score_tail": asdict(model.score_tail),
            "threshold": model.threshold,
            "baseline_threshold": model.baseline_threshold,
            "train_start": model.train_start.isoformat(),
            "train_end": model.train_end.isoformat(),
            "rows": model.rows,
        },
        compression=zipfile.ZIP_DEFLATED,
    )
    return content


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def load(content: bytes, sha256: str) -> AnomalyModel:
    """The model that was dumped.

    Raises:
        CorruptArtifact: the bytes do not have this sha256.
    """
    found = sha256_of(content)
    if found != sha256:
        raise CorruptArtifact(
            f"the model artifact has sha256 {found[:12]}…, registered was {sha256[:12]}…: "
            "restore the file from a backup or train again"
        )
    state: dict[str, Any] = skops.io.loads(content, trusted=_TRUSTED)
    floors = state["floors"]
    return AnomalyModel(
        params=AnomalyParams.of(json.loads(state["params"])),
        floors=FleetFloors(Floors(**floors["readings"]), floors["baseline"]),
        rarities=Rarities(
            tuple(
                tuple(None if tail is None else Tail(**tail) for tail in tails)
                for tails in state["rarities"]
            )
        ),
        pipeline=state["pipeline"],
        score_tail=Tail(**state["score_tail"]),
        threshold=state["threshold"],
        baseline_threshold=state["baseline_threshold"],
        train_start=pd.Timestamp(state["train_start"]),
        train_end=pd.Timestamp(state["train_end"]),
        rows=state["rows"],
    )
