"""What all tests share: goldens, the slow ones, and as many threads as a test may have."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: pytest-xdist runs tests side by side
# what tests start in processes of their own is this checkout, installed or not
_COMPILER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "compiler")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_COMPILER, os.environ.get("PYTHONPATH")]))

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest

Golden = Callable[[str, str | Path], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected outputs again")
    parser.addoption("--slow", action="store_true", help="also run what takes long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected outputs are to be written instead of compared."""
    return request.config.getoption("--update-golden")


@pytest.fixture
def golden(request: pytest.FixtureRequest, update_golden: bool) -> Golden:
    """`golden(text, "name.txt")`: the text is what that file beside the test holds.

    With --update-golden the file is written instead. A file that is missing is a failure, not a first run.
    """

    def compare(text: str, name: str | Path) -> None:
        path = request.path.parent / name
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"{path} does not exist; write it with --update-golden and read it"
        expected = path.read_text(encoding="utf-8")
        if text != expected:
            lines = unified_diff(expected.splitlines(), text.splitlines(), str(name), "now", lineterm="", n=2)
            pytest.fail("\n".join(lines), pytrace=False)

    return compare
