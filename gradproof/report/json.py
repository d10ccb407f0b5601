"""The report as data; the schema is documented in notes/report-schema.md."""

import dataclasses
import json
import math
from typing import Any

from ..verdicts import Function, Report

SCHEMA = "gradproof-report/1"


def render(report: Report) -> str:
    """One JSON object, indented, with a newline at its end."""
    return json.dumps(as_data(report), indent=2, allow_nan=False) + "\n"


def as_data(report: Report) -> dict[str, Any]:
    return _finite(
        {
            "schema": SCHEMA,
            "file": report.file,
            "verified": bool(report),
            "functions": [_function(function) for function in report.functions],
            "repair": None if report.repair is None else dataclasses.asdict(report.repair),
            "notes": [dataclasses.asdict(note) for note in report.notes],
        }
    )


def _function(function: Function) -> dict[str, Any]:
    data = dataclasses.asdict(function)
    data["gradients" if function.kind == "backward" else "outputs"] = data.pop("results")
    return data


def _finite(value: Any) -> Any:
    """JSON has no infinity and no nan: they become strings."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
