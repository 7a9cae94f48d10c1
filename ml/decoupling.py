"""What remains of each metric once the others have explained their part."""

from __future__ import annotations

import numpy as np

from ml.grid import Bools, Floats
from ml.trailing import daily

CLIP = 2.0
LARGEST = 20.0
RIDGE = 0.02


def explained_by_others(
    readings: Floats, is_masked: Bools, per_day: int, history_days: int
) -> tuple[Floats, Floats]:
    """Residuals of regressing each metric on all others of its device, and the weights used.

    `readings`: float32 (D, M, T). Returns the residuals, same shape, and weights (D, K, M, M): the
    residual is ``weights @ readings``. The regression is that of the days before, through the
    inverse P of their covariance: the residual of metric m is ``(P z)_m / P_mm`` (Lauritzen,
    *Graphical Models*, 1996, section 5.1). Readings are clipped before the covariance, so that one
    incident does not become the rule, and a ridge keeps it invertible.
    """
    _, metrics, length = readings.shape
    known = np.nan_to_num(readings, posinf=LARGEST, neginf=-LARGEST)
    teaching = np.where(is_masked[:, None], np.float32(0), np.clip(known, -CLIP, CLIP))
    blocks = daily(teaching, per_day).transpose(0, 2, 1, 3)
    products = (blocks @ blocks.transpose(0, 1, 3, 2)).astype(np.float64)
    total = np.concatenate([np.zeros_like(products[:, :1]), np.cumsum(products, axis=1)], axis=1)
    day = np.arange(length // per_day)
    oldest = np.maximum(day - history_days, 0)
    # by the same number on every day: only its shape matters, and when a device's history began
    # must not depend on the devices beside it
    covariance = (total[:, day] - total[:, oldest]) / (history_days * per_day)

    variance = np.einsum("dkmm->dkm", covariance)
    ridge = RIDGE * (variance + variance.mean(axis=-1, keepdims=True)) + 1e-6
    precision = np.linalg.inv(covariance + ridge[..., None] * np.eye(metrics))
    weights = (precision / np.einsum("dkmm->dkm", precision)[..., None]).astype(readings.dtype)

    limited = daily(np.clip(known, -LARGEST, LARGEST), per_day).transpose(0, 2, 1, 3)
    apart = (weights @ limited).transpose(0, 2, 1, 3).reshape(readings.shape)
    return np.where(np.isfinite(readings), apart, np.float32(np.nan)), weights
