"""Entry points of a test's own, beside or instead of the installed ones."""

from importlib.metadata import EntryPoint, EntryPoints


def declare(monkeypatch, module, group, points):
    """Makes `module` find exactly these entry points, {name: value}, in a group; other groups are empty."""
    declared = EntryPoints(EntryPoint(name, value, group) for name, value in points.items())
    monkeypatch.setattr(module, "entry_points", declared.select)
