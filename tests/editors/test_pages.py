"""`make docs`: README and docs as HTML."""

from __future__ import annotations

import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("build_html", ROOT / "docs" / "build_html.py")
assert spec is not None
assert spec.loader is not None
build_html = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build_html)
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Which tags are open, which links there are, which places they may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.classes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [given[name] or "" for name in ("href", "src") if name in given]
        self.ids |= {given["id"] or ""} if "id" in given else set()
        self.classes |= set((given.get("class") or "").split())
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "docs"
    assert build_html.build(ROOT, out) == []
    return out


def test_every_page_is_there(site: Path):
    names = {page.relative_to(site).as_posix() for page in site.rglob("*.html")}
    wanted = {
        path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
    }
    assert names == wanted | {"index.html"}


def test_every_link_leads_somewhere(site: Path):
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert sum(len(page.links) for page in pages.values()) > 20
    for path, page in pages.items():
        assert page.open == []
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.exists(), f"{path.name}: {link}"
            assert not anchor or anchor in pages[target].ids, f"{path.name}: {link}"


def test_programs_are_in_colour(site: Path):
    language = Page((site / "language.html").read_text(encoding="utf-8"))
    style = (site / "style.css").read_text(encoding="utf-8")
    for name in ("kd", "nc", "k", "kp", "nb", "mi", "c1", "s2"):
        assert name in language.classes
        assert f".code .{name} {{" in style


def test_the_text_of_a_program_is_what_was_written(site: Path):
    program = (ROOT / "docs" / "resnet20.arch").read_text(encoding="utf-8")

    class Text(HTMLParser):
        text = ""

        def handle_data(self, data: str) -> None:
            self.text += data

    reader = Text()
    reader.feed((site / "index.html").read_text(encoding="utf-8"))
    assert program in reader.text


def test_a_broken_link_is_reported(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "# A\n[x](docs/b.md#c) [y](docs/nothing.md) [z](#d)\n", encoding="utf-8"
    )
    (tmp_path / "docs" / "b.md").write_text("# B\n[up](../../outside)\n", encoding="utf-8")
    broken = build_html.build(tmp_path, tmp_path / "out")
    assert [link.partition(": ")[2] for link in broken] == [
        "docs/b.md#c (no such heading)", "docs/nothing.md", "#d (no such heading)", "../../outside",
    ]  # fmt: skip


def test_anchors_are_those_of_github():
    assert build_html.anchors_of("# What `ogive check --fix` does\n## A, b; c\n## A, b; c\n") == [
        "what-ogive-check---fix-does", "a-b-c", "a-b-c-1",
    ]  # fmt: skip
