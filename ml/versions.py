"""What a version is: a name for code, settings and data together.

The same frame in any row order, with the same settings and the same code, has the same version on
every machine and at any time. The code is that of the modules a model is fitted and tested by, so
that work on one model does not rename the versions of another.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sklearn

_PACKAGE = __package__ or "ml"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Version:
    """`name`: 16 hexadecimal digits, of the two hashes and the settings together."""

    name: str
    code_hash: str
    data_fingerprint: str


def version_of(modules: Collection[str], frame: pd.DataFrame, params: Any) -> Version:
    """The version that training on `frame` would make.

    `modules` hold the model's code (``ml.anomaly``), `params` is a dataclass whose `columns` are
    those of the frame that are read.
    """
    code, data = code_hash(modules), data_fingerprint(frame, params.columns)
    settings = json.dumps(asdict(params), sort_keys=True)
    name = hashlib.sha256("\n".join([code, data, settings]).encode()).hexdigest()[:16]
    return Version(name, code, data)


def code_hash(modules: Collection[str]) -> str:
    """sha256 over modules, all of this package that they import, and the library that fits."""
    digest = hashlib.sha256(sklearn.__version__.encode())
    for name in sorted(imported(modules)):
        digest.update(name.encode() + b"\0" + _file(name).read_bytes())
    return digest.hexdigest()


def imported(modules: Collection[str]) -> set[str]:
    """Modules and all of this package that they import, directly or not."""
    found: set[str] = set()
    waiting = set(modules)
    while waiting:
        found |= waiting
        waiting = {name for module in waiting for name in _imports(module)} - found
    return found


def data_fingerprint(frame: pd.DataFrame, columns: Collection[str]) -> str:
    """sha256 over the columns that are there, whatever the order of rows or the types' widths."""
    read = pd.DataFrame({name: _plain(frame[name]) for name in columns if name in frame.columns})
    hashes = pd.util.hash_pandas_object(read, index=False)
    return hashlib.sha256(hashes.sort_values().to_numpy().tobytes()).hexdigest()


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Times as nanoseconds since the epoch, numbers in full width, anything else as it is."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        numbers: pd.Series[Any] = column.dt.as_unit("ns").astype("int64")
        return numbers
    if pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        # a float would lose the last bits of a key
        return column.astype("int64")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    return column.astype("object")


def _imports(module: str) -> Iterator[str]:
    """Names of modules of this package in the import statements of one."""
    for node in ast.walk(ast.parse(_file(module).read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == _PACKAGE:
            names = [f"{_PACKAGE}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module]
        yield from (name for name in names if name.startswith(f"{_PACKAGE}."))


def _file(module: str) -> Path:
    return _FOLDER / f"{module.removeprefix(f'{_PACKAGE}.')}.py"
