"""The estimator of the anomaly model, and the raw score it gives."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ml.anomaly_params import AnomalyParams
from ml.grid import Floats
from ml.rarity import Rarities

BEYOND_FOREST = 0.03


def new_pipeline(params: AnomalyParams) -> Pipeline:
    """Scaler, PCA if asked for, forest; unfitted."""
    steps: list[tuple[str, object]] = [("scale", StandardScaler())]
    if params.pca_components is not None:
        steps.append(("rotate", PCA(params.pca_components, svd_solver="full")))
    forest = IsolationForest(n_estimators=params.trees, random_state=params.seed)
    return Pipeline([*steps, ("isolate", forest)])


def oddness(pipeline: Pipeline, rarities: Rarities, magnitudes: Floats) -> Floats:
    """Raw scores, float64 (n,), of magnitudes, (features, n, M): the forest's, and a little more.

    All that lies beyond the training data ends in the same leaves, so that the forest alone ranks a
    large fault like a huge one. A small share of the mean rarity keeps them apart; among steps the
    forest does tell apart it changes next to nothing.
    """
    if not magnitudes.shape[1]:
        return np.empty(0)
    inputs = rarities.of_steps(magnitudes)
    beyond = BEYOND_FOREST * inputs[:, :-1].mean(axis=1)
    scores: Floats = beyond - pipeline.score_samples(inputs)
    return scores
