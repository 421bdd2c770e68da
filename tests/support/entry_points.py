"""Entry points of a test's own, beside or instead of the installed ones."""

import tomllib
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path


def declare(monkeypatch, module, group, points):
    """Makes `module` find exactly these entry points, {name: value}, in a group; other groups are empty."""
    declared = EntryPoints(EntryPoint(name, value, group) for name, value in points.items())
    monkeypatch.setattr(module, "entry_points", declared.select)


def in_project(group):
    """What the project itself declares in a group, {name: value}: also what was not there when it was installed."""
    return _in_project().get(group, {})


def declare_project(monkeypatch, module, own=()):
    """Makes `module` find what the project itself declares, in every group, and a test's `own`, {group: {name: value}},
    beside it."""
    declared = [
        EntryPoint(name, value, group)
        for groups in (_in_project(), dict(own))
        for group, points in groups.items()
        for name, value in points.items()
    ]
    monkeypatch.setattr(module, "entry_points", EntryPoints(declared).select)


def _in_project():
    project = Path(__file__).parents[2] / "pyproject.toml"
    return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["entry-points"]
