"""docs/zoo.md: the zoo as a page, a section for each of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ogive.zoo.cells import heads_text, inputs_text
from ogive.zoo.index import Listed
from ogive.zoo.rows import Row

_HEAD = """\
# The zoo

{count} networks in {files} files, each file with what differs between paper, code and ports. Each is a
target by its name (`ogive summary resnet50`, `ogive.load("resnet50")`); `ogive new mine.arch --from
resnet50` starts a file of your own with it, `ogive list '*resnet*'` prints what stands here. Parameters
are the trainable ones of inference, and beside them, where there are auxiliary heads, those with the
heads. MACs are multiply-accumulates for one image of the size that is shown, in convolutions and linear
layers, without biases, norms and products of two activations. This page is made from the files:
`make zoo`.
"""


def page(files: Sequence[Listed]) -> str:
    """The whole page."""
    titles = [_title(each) for each in files]
    count = sum(len(each.rows) for each in files)
    links = " ·\n".join(
        f"[{title}](#{anchor})" for title, anchor in zip(titles, anchors(titles), strict=True)
    )
    sections = [_section(each, title) for each, title in zip(files, titles, strict=True)]
    return "\n".join([_HEAD.format(count=count, files=len(files)), links, "", *sections]).rstrip() + "\n"


def anchors(titles: Iterable[str]) -> list[str]:
    """What headings are called in links, by GitHub's rule. The page itself has taken `the-zoo`."""
    seen: dict[str, int] = {"the-zoo": 0}
    found: list[str] = []
    for title in titles:
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        seen[slug] = seen.get(slug, -1) + 1
        found.append(f"{slug}-{seen[slug]}" if seen[slug] else slug)
    return found


def _title(listed: Listed) -> str:
    paper = listed.opening.paper
    return paper.family if paper else listed.file.removesuffix(".arch")


def _section(listed: Listed, title: str) -> str:
    opening = listed.opening
    said = opening.first
    if opening.paper is not None:
        paper = opening.paper
        said = f"*{_prose(paper.title)}*, {_prose(paper.authors)}, {paper.year}"
    lines = [f"## {title}", "", f"{said} · [{listed.file}](../archs/{listed.file})", ""]
    for paragraph in opening.paragraphs:
        lines += [*_paragraph(paragraph), ""]
    return "\n".join([*lines, *_table(listed.rows), ""])


def _table(rows: Sequence[Row]) -> Iterator[str]:
    headed = any(row.heads for row in rows)
    yield f"| network | parameters |{' with heads |' if headed else ''} MACs | input |"
    yield f"|---|---:|{'---:|' if headed else ''}---:|---|"
    for row in rows:
        heads = f" {heads_text(row)} |" if headed else ""
        counts = f"{row.params:,} |{heads} {_prose(row.macs_text)}"
        yield f"| `{row.name}` | {counts} | {_prose(inputs_text(row))} |"


def _paragraph(lines: Sequence[str]) -> Iterator[str]:
    """A paragraph of a comment as Markdown: lines that are indented stand as they are, unless they belong to
    an item of a list.
    """
    listed = any(line.lstrip().startswith("- ") for line in lines)
    for indented, group in groupby(lines, lambda line: line.startswith("  ") and not listed):
        if indented:
            yield from ("", "```text", *(line[2:] for line in group), "```", "")
        else:
            yield _prose("\n".join(group))


def _prose(text: str) -> str:
    """A text in which nothing is Markdown but what stands between backticks, and the dashes of lists."""
    pieces = text.split("`")
    escaped = [piece if number % 2 else _MARKUP.sub(r"\\\g<0>", piece) for number, piece in enumerate(pieces)]
    return "`".join(escaped)


_MARKUP = re.compile(
    r"""
    [\\<|]                                # escapes, tags, columns
    | (?<=\S)\* | \*(?=\S)                # emphasis
    | (?<!\w)_ | _(?!\w)
    | ^[+*](?=\ )                         # a line that wraps before what would begin a list
    | (?<=^\d)[.)](?=\ ) | (?<=^\d\d\d\d)[.)](?=\ )
    """,
    re.VERBOSE | re.MULTILINE,
)
