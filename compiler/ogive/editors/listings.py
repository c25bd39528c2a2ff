r"""The language for LaTeX's `listings`: `\lstinputlisting[style=arch]{net.arch}`.

Listings knows words, not places: a soft keyword is set as one wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from ogive.editors.vocabulary import vocabulary

_HEAD = r"""% The arch language for the LaTeX package listings. Made by `make editors`; do not edit.
%
%   \usepackage{lstlang-arch}
%   \lstinputlisting[style=arch]{net.arch}
%
\ProvidesPackage{lstlang-arch}[2025/01/01 The arch language for listings]
\RequirePackage{listings}
\RequirePackage{xcolor}
"""
_TAIL = r"""  sensitive=true,
  alsoletter={\_},
  alsodigit={?},
  morecomment=[l]{\#},
  morestring=[b]{"},
}[keywords,comments,strings]

\definecolor{archKeyword}{HTML}{0B5A8A}
\definecolor{archLayer}{HTML}{00664B}
\definecolor{archValue}{HTML}{8A3B70}
\definecolor{archString}{HTML}{8F3F00}
\definecolor{archComment}{HTML}{666666}

\lstdefinestyle{arch}{
  language=arch,
  basicstyle=\small\ttfamily,
  keywordstyle=[1]\color{archKeyword}\bfseries,
  keywordstyle=[2]\color{archLayer},
  keywordstyle=[3]\color{archValue},
  stringstyle=\color{archString},
  commentstyle=\color{archComment}\itshape,
  showstringspaces=false,
  columns=fullflexible,
  keepspaces=true,
  upquote=true,
  literate={->}{{$\rightarrow$}}2,
}
"""


def style() -> str:
    """The file `lstlang-arch.sty`."""
    v = vocabulary()
    classes = (
        (1, {*v.soft, *v.inner, *v.control, *v.settings} - {*v.reserved, *v.words, *v.layers}),
        (2, {*v.words, *v.layers}),
        (3, {*v.constants, *v.reserved, *v.functions, *v.initializers, *v.types} - {*v.words, *v.layers}),
    )
    lines = [r"\lstdefinelanguage{arch}{"]
    for number, words in classes:
        lines += [f"  morekeywords=[{number}]{{", *_listed(words), "  },"]
    return _HEAD + "\n" + "\n".join(lines) + "\n" + _TAIL


def _listed(words: Iterable[str]) -> list[str]:
    return wrap(", ".join(sorted(words)), 96, initial_indent="    ", subsequent_indent="    ")
