"""What a person sees while a run goes on: one line per step and what the steps themselves say."""

import logging
import sys

import dagster as dg

# dbt prints its own progress, node by node
_SPEAKS_FOR_ITSELF = "dbt_models"


class _Progress(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is not None and event.is_step_failure:
            error = event.step_failure_data.error
            # a Failure of ours says all itself, another exception is what caused the step's error
            message = (error.cause or error).message.strip()
        else:
            message = meta.get("orig_message", record.getMessage())
        return f"    {meta.get('step_key') or 'run'}: {message}"


def _is_shown(record: logging.LogRecord) -> bool:
    """What the steps say; of Dagster's own events only failures, the rest is bookkeeping."""
    meta = getattr(record, "dagster_meta", {})
    event = meta.get("dagster_event")
    if event is not None:
        return bool(event.is_failure)
    return not str(meta.get("step_key")).startswith(_SPEAKS_FOR_ITSELF)


@dg.logger({}, "One line per step and what the steps say, for a person at a terminal.")
def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.getLogger("opsmart.progress")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Progress())
    handler.addFilter(_is_shown)
    logger.handlers = [handler]
    return logger
