"""What a version is: a name for code, settings and data together.

The same frame in any row order, with the same settings and the same code, has the same version on
every machine and at any time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import sklearn

from ml.anomaly_params import AnomalyParams
from ml.judging import EXTRAS

# Not code of the model: how it is kept, and what only compares it.
_APART = {"registry.py", "artifact.py", "versions.py", "training.py"}


@dataclass(frozen=True)
class Version:
    """`name`: 16 hexadecimal digits, of the two hashes and the settings together."""

    name: str
    code_hash: str
    data_fingerprint: str


def version_of(frame: pd.DataFrame, params: AnomalyParams) -> Version:
    """The version that training on `frame` with `params` would make."""
    code, data = code_hash(), data_fingerprint(frame, params)
    settings = json.dumps(asdict(params), sort_keys=True)
    name = hashlib.sha256("\n".join([code, data, settings]).encode()).hexdigest()[:16]
    return Version(name, code, data)


def code_hash() -> str:
    """sha256 over the model's own modules and the library that fits it."""
    digest = hashlib.sha256(sklearn.__version__.encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.name not in _APART:
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def data_fingerprint(frame: pd.DataFrame, params: AnomalyParams) -> str:
    """sha256 over the columns the model reads, whatever the order of rows or the types' widths."""
    numbers = [*params.metrics, *(name for name in EXTRAS if name in frame.columns)]
    read = frame[[params.axis.entity, *numbers]].astype(dict.fromkeys(numbers, "float64"))
    read[params.axis.time] = params.axis.step_numbers(frame[params.axis.time])
    hashes = pd.util.hash_pandas_object(read, index=False)
    return hashlib.sha256(hashes.sort_values().to_numpy().tobytes()).hexdigest()
