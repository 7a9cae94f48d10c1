"""A fitted model as bytes and back: skops, which runs no code on loading.

Only scikit-learn's own types, arrays and plain values are inside; skops refuses anything else, and
a file that is not the one registered is refused for its sha256.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from typing import Any, Protocol, Self, TypeVar

import skops.io

# A tree's node indices are used unchecked; the sha256 vouches that they are those of the fit.
# The splits are settings of an encoder.
_TRUSTED = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
]


class CorruptArtifact(RuntimeError):
    """The artifact is not the one that was registered; the message is one line."""


class Storable(Protocol):
    """A fitted model that can be taken apart and put together again.

    Its state holds plain values, lists, tuples, dicts, arrays and scikit-learn's estimators; what
    it knows of single series is rebuilt from the frame it predicts.
    """

    def state(self) -> dict[str, Any]:
        """The settings and what was fitted."""
        ...

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The model whose state it is."""
        ...


StorableT = TypeVar("StorableT", bound=Storable)


def dump(model: Storable) -> bytes:
    """The bytes of a model.

    Two dumps of one model differ (skops writes object ids), so the sha256 is that of one dump.
    """
    content: bytes = skops.io.dumps(model.state(), compression=zipfile.ZIP_DEFLATED)
    return content


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def load(content: bytes, sha256: str, kind: type[StorableT]) -> StorableT:
    """The model of this kind that was dumped.

    Raises:
        CorruptArtifact: the bytes do not have this sha256, or hold what a former release wrote.
    """
    found = sha256_of(content)
    if found != sha256:
        raise CorruptArtifact(
            f"the model artifact has sha256 {found[:12]}…, registered was {sha256[:12]}…: "
            "restore the file from a backup or train again"
        )
    try:
        return kind.of_state(skops.io.loads(content, trusted=_TRUSTED))
    except (AttributeError, KeyError, TypeError) as error:
        raise CorruptArtifact(
            f"the model artifact {found[:12]}… is not of this release's form ({error}): train again"
        ) from error
