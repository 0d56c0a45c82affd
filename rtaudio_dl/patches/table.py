"""A table of a TOML file that is not trusted: every value is asked for and checked."""

from __future__ import annotations

from typing import Any

from rtaudio_dl.errors import PatchError, shown


class Table:
    """One table of a file; remembers what was asked for, refuses the rest."""

    def __init__(self, source: str, name: str, fields: Any, known: Any = ()):
        self.source, self.name = source, name
        self.known = set(known)
        if not isinstance(fields, dict):
            self.fail("", fields, "a table")
        self.fields = fields

    def fail(self, name: str, value: Any, allowed: str) -> None:
        place = f"{self.name}.{name}".strip(".")
        raise PatchError(
            f"{self.source}: {place} is {shown(value)}; allowed: {allowed}"
        )

    def has(self, name: str) -> bool:
        self.known.add(name)
        return name in self.fields

    def _get(self, name: str, default: Any, required: bool = False) -> Any:
        if not self.has(name) and required:
            self.fail(name, "missing", "a value")
        return self.fields.get(name, default)

    def table(self, name: str, known: Any = ()) -> Table:
        place = f"{self.name}.{name}".strip(".")
        return Table(self.source, place, self._get(name, {}), known)

    def numbered(self, low: int, high: int) -> list[tuple[str, int]]:
        """Entries whose names are whole numbers in a range."""
        # As Python writes them: 036 beside 36 would be two keys in one place.
        allowed = {str(number) for number in range(low, high + 1)}
        for text in self.fields:
            if text not in allowed:
                self.fail(text, "unknown", f"whole numbers from {low} to {high}")
        return [(text, int(text)) for text in self.fields]

    def text(self, name: str, default: str | None = None) -> str:
        value = self._get(name, default, required=default is None)
        if not isinstance(value, str):
            self.fail(name, value, "text")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self._get(name, default)
        if not isinstance(value, bool):
            self.fail(name, value, "true or false")
        return value

    def choice(
        self, name: str, allowed: tuple[str, ...], default: str | None = None
    ) -> str:
        value = self._get(name, default, required=default is None)
        if value not in allowed:
            self.fail(name, value, ", ".join(allowed))
        return value

    def integer(self, name: str, low: int, high: int, default: int | None) -> Any:
        value = self._get(name, default)
        if value is default:
            return default
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            self.fail(name, value, f"a whole number from {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self._get(name, default)
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not real or not low <= value <= high:  # not for NaN, either
            self.fail(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def weights(self, name: str) -> dict[str, float]:
        """``"kick"`` or ``{kick = 0.7, tom = 0.3}``."""
        value = self._get(name, {})
        if isinstance(value, str):
            return {value: 1.0}
        table = Table(self.source, f"{self.name}.{name}".strip("."), value)
        return {label: table.number(label, 0, 1, 0.0) for label in table.fields}

    def finish(self) -> None:
        """Refuse what nobody asked for: it is a slip of the pen."""
        for name in self.fields:
            if name not in self.known:
                self.fail(name, "unknown", ", ".join(sorted(self.known)))
