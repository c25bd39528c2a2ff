"""Renders README and the pages of docs to build/docs, the `.arch` programs in colour: `make docs`.

Links between pages, and to files of the repository, keep working; one that leads nowhere stops the build.
"""

from __future__ import annotations

import html
import itertools
import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.style import Style
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String
from pygments.util import ClassNotFound

from ogive.editors.lexer import ArchLexer

ROOT = Path(__file__).resolve().parents[1]


class ArchStyle(Style):
    """The colours of the drawings, dark enough to be read on white."""

    styles = {  # noqa: RUF012 - as Pygments declares it
        Comment: "italic #6B6B6B", Keyword: "bold #0B5A8A", Keyword.Constant: "nobold #8A3B70",
        Keyword.Pseudo: "bold #B34A00", Name.Builtin: "#00664B", Name.Builtin.Pseudo: "#8A3B70",
        Name.Class: "bold", Name.Attribute: "#555555", Name.Function: "#00664B", Number: "#8A3B70",
        String: "#8F3F00", Operator: "#444444", Generic.Prompt: "#6B6B6B",
    }  # fmt: skip


CSS = """
:root { --ink: #1a1a1a; --faint: #666; --line: #ddd; --code: #f7f7f5; --link: #0b5a8a }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
nav { position: fixed; inset: 0 auto 0 0; width: 14rem; padding: 2rem 1.25rem; overflow-y: auto;
  border-right: 1px solid var(--line) }
nav a { display: block; padding: .15rem 0; color: var(--faint); text-decoration: none }
nav a[aria-current] { color: var(--ink); font-weight: 600 }
main { max-width: 50rem; margin: 0 auto 6rem calc(14rem + max(2rem, (100vw - 64rem) / 2)); padding: 2rem }
h1, h2, h3 { line-height: 1.25; margin: 2em 0 .6em } h1 { margin-top: 0 }
a { color: var(--link) } img { max-width: 100% }
code, pre { font: .875em/1.5 ui-monospace, "DejaVu Sans Mono", monospace }
:not(pre) > code { background: var(--code); padding: .1em .3em; border-radius: 3px }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 4px; padding: .8rem 1rem;
  overflow-x: auto }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .8rem .35rem 0; text-align: left;
  vertical-align: top }
@media (max-width: 52rem) {
  nav { position: static; width: auto; border: 0 } main { margin: 0; padding: 1rem } }
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<nav>{nav}</nav>
<main>
{body}</main>
</body>
</html>
"""


class Site:
    """The pages, and where each of them and each file that they show goes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        readme = {root / "README.md": "index.html"}
        docs = root / "docs"
        pages = sorted(docs.rglob("*.md"), key=lambda p: (p.parent != docs, p.stem.isupper(), p))
        self.names = readme | {page: page.relative_to(docs).with_suffix(".html").as_posix() for page in pages}
        self.copies: dict[Path, str] = {}
        self.broken: list[str] = []
        self.titles = {page: title_of(page.read_text(encoding="utf-8")) for page in self.names}
        self.anchors = {page: set(anchors_of(page.read_text(encoding="utf-8"))) for page in self.names}

    def href(self, page: Path, link: str) -> str:
        """A link of a page as it stands in the HTML."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return link
        target = (page.parent / parts.path).resolve() if parts.path else page
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if target in self.names:
            if parts.fragment and parts.fragment not in self.anchors[target]:
                self.broken.append(f"{page.relative_to(self.root)}: {link} (no such heading)")
            return (self._to(page, self.names[target]) if parts.path else "") + fragment
        inside = target.is_relative_to(self.root) and target.exists()
        if not inside:
            self.broken.append(f"{page.relative_to(self.root)}: {link}")
            return link
        docs = self.root / "docs"
        folder = target.relative_to(docs) if target.is_relative_to(docs) else target.relative_to(self.root)
        name = folder.as_posix() if target.is_relative_to(docs) else f"files/{folder.as_posix()}"
        self.copies[target] = name
        return self._to(page, name) + fragment

    def _to(self, page: Path, name: str) -> str:
        """A file of the site, seen from a page."""
        return os.path.relpath(name, os.path.dirname(self.names[page]) or ".").replace(os.sep, "/")

    def _nav(self, page: Path) -> str:
        """The pages of docs, and those that stand in one folder with this one."""
        near = {self.root, self.root / "docs", page.parent}
        first = [each for each in self.names if each.parent in near or each.name == "README.md"]
        return "".join(
            f'<a href="{self._to(page, self.names[each])}"{" aria-current" * (each == page)}>'
            f"{html.escape(self.titles[each])}</a>"
            for each in first
        )

    def render(self, page: Path) -> str:
        """A page as HTML."""
        parser = markdown()
        tokens = parser.parse(page.read_text(encoding="utf-8"))
        slugs = iter(anchors_of(page.read_text(encoding="utf-8")))
        for token in tokens:
            if token.type == "heading_open":
                token.attrSet("id", next(slugs))
            for inner in (token, *(token.children or ())):
                if inner.type in ("html_block", "html_inline"):  # a picture with a width
                    inner.content = re.sub(
                        r'(\b(?:src|href)=")([^"]+)"',
                        lambda m: f'{m[1]}{self.href(page, m[2])}"',
                        inner.content,
                    )
                for name in ("href", "src"):
                    value = inner.attrGet(name)
                    if isinstance(value, str):
                        inner.attrSet(name, self.href(page, value))
        body = parser.renderer.render(tokens, parser.options, {})
        return PAGE.format(
            title=html.escape(self.titles[page]),
            style=self._to(page, "style.css"),
            nav=self._nav(page),
            body=body,
        )


def markdown() -> MarkdownIt:
    """The parser: CommonMark with tables."""
    return MarkdownIt("commonmark", {"highlight": coloured}).enable("table")


def coloured(code: str, language: str, attributes: str) -> str:
    """A block of code with spans around its tokens."""
    del attributes
    try:
        lexer = ArchLexer(stripnl=False) if language == "arch" else get_lexer_by_name(language or "text")
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    inner = highlight(code, lexer, HtmlFormatter(nowrap=True, style=ArchStyle))
    return f'<pre><code class="code">{inner}</code></pre>\n'


def title_of(text: str) -> str:
    """The first heading of a page."""
    found = re.search(r"^# +(.+)$", text, re.MULTILINE)
    return re.sub(r"[`*]", "", found[1]).strip() if found else "Ogive"


def anchors_of(text: str) -> list[str]:
    """What the headings of a page are called in links, by GitHub's rule."""
    found: dict[str, int] = {}
    anchors: list[str] = []
    tokens = markdown().parse(text)
    for token, inline in itertools.pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(t.content for t in inline.children or () if t.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found[slug] = found.get(slug, -1) + 1
            anchors.append(f"{slug}-{found[slug]}" if found[slug] else slug)
    return anchors


def build(root: Path, out: Path) -> list[str]:
    """Writes the site, anew.

    Returns:
        Links that lead nowhere.
    """
    site = Site(root)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for page, name in site.names.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(site.render(page), encoding="utf-8")
    for source, name in site.copies.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)
    colours = HtmlFormatter(style=ArchStyle).get_style_defs(".code")
    own = [line for line in colours.split("\n") if line.startswith(".code .")]
    (out / "style.css").write_text(CSS.lstrip() + "\n".join(own) + "\n", encoding="utf-8")
    return site.broken


if __name__ == "__main__":
    wrong = build(ROOT, ROOT / "build" / "docs")
    for each in wrong:
        print(f"broken link: {each}", file=sys.stderr)
    sys.exit(bool(wrong))
