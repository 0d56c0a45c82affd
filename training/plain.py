"""A configuration as JSON text, whichever task it is of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def to_json(config: Any) -> str:
    """Its sections, sorted; `config.freeze` makes the same of them again."""
    sections = {f.name: getattr(config, f.name) for f in fields(config)}
    return json.dumps(sections, indent=1, sort_keys=True, default=_plain)


def _plain(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else vars(value)
