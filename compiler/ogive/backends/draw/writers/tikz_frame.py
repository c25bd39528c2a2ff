r"""What stands in a TikZ file before and behind the drawing: a page of its own, or nothing; macros for text.

A file is read in two ways. Alone, it makes its own page. By `\input`, a class has been loaded already, and
all that the file does happens in a group, so that the paper is afterwards as it was.
"""

from __future__ import annotations

from collections.abc import Iterable

_STANDARD = (5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.4, 17.28, 20.74, 24.88)
"""Sizes of type that every font of LaTeX has; between them, Computer Modern knows none and complains."""

_ALONE = r"""
\expandafter\ifx\csname @classoptionslist\endcsname\relax % no class yet: this file is compiled alone
  \documentclass{article}
  \usepackage{tikz}
  \pagestyle{empty}
  \paperwidth=WIDTHbp \paperheight=HEIGHTbp \textwidth=\paperwidth \textheight=\paperheight
  \hoffset=-1in \voffset=-1in \oddsidemargin=0pt \topmargin=0pt \headheight=0pt \headsep=0pt \topskip=0pt
  \parindent=0pt \hfuzz=1pt \vfuzz=1pt
  \def\ogivealone{\end{document}}
  \begin{document}
\fi%
\ifdefined\tikzpicture\else
  \PackageError{ogive}{this drawing needs TikZ, write \string\usepackage{tikz} before
    \string\begin{document}}{Without it, the drawing is left out.}%
  \expandafter\endinput
\fi%
"""

_MACROS = r"""
\begingroup % nothing of what follows lasts
\catcode`\"12\catcode`\'12\catcode`\`12\catcode`\:12\catcode`\;12\catcode`\!12\catcode`\?12\catcode`\,12%
\catcode`\<12\catcode`\>12\catcode`\=12\catcode`\-12\catcode`\+12\catcode`\*12\catcode`\/12\catcode`\.12%
\catcode`\|12\catcode`\_8\catcode`\^7\relax % languages and packages make some of these into commands
\providecommand\ogivefont{\sffamily}%
"""

_TEXT = r"""
% \ogivetext{room}{lines}{badge}: in the middle of a node, shrunk if it is wider than the room
% \ogiveline{y}{size}{text}: a line whose capitals are in the middle of y; \ogiveruns: one of several sizes
\def\ogivesize#1{\csname ogive size #1\endcsname}%
\def\ogivebold#1{{\bfseries\boldmath#1}}%
\def\ogiveitalic#1{{\itshape#1\/}}%
\def\ogiveline#1#2#3{\ogiveruns{#1}{#2}{\ogivesize{#2}{#3}}}%
\def\ogivewidest#1#2#3{\setbox4=\hbox{#3}\ifdim\wd4>\dimen4 \dimen4=\wd4 \fi}%
\def\ogiveplaced#1#2#3{\setbox4=\hbox{\ogivesize{#2}{X}}%
  \rlap{\hbox to\dimen4{\ogiveside\raise\dimexpr#1bp-.5\ht4\relax\hbox{#3}\hss}}}%
\def\ogivebeside#1#2{\setbox4=\hbox{\ogivesize{#1}{X}}\lower.5\ht4\hbox{\ogivesize{#1}{#2}}}%
\let\ogiveside\hss
\def\ogiveleft{\let\ogiveside\relax}%
\def\ogivetext#1#2#3{\ogivefont\frenchspacing
  \dimen4=0pt \let\ogiveruns\ogivewidest#2%
  \let\ogiveruns\ogiveplaced\setbox6=\hbox{#2\kern\dimen4 #3}%
  \ifdim\wd6>#1bp \setbox6=\hbox{\resizebox{#1bp}{!}{\box6}}\fi
  \ht6=0pt \dp6=0pt \hbox to 0pt{\hss\hbox to#1bp{\ogiveside\box6\hss}\hss}}%
"""

_CODE = r"""
% \ogivecode{number}: a sign that LaTeX has no name for, where the engine and the font know it
\def\ogivecode#1{\ifdefined\Umathchar\iffontchar\font"#1 \char"#1 \else U+#1\fi\else U+#1\fi}%
"""

END = r"""\endgroup
\ifdefined\ogivealone\expandafter\ogivealone\fi%
"""


def alone(width: str, height: str) -> str:
    """What makes a page of that size in points, where none is being made."""
    return _ALONE.lstrip().replace("WIDTH", width).replace("HEIGHT", height)


def macros(sizes: Iterable[float], codes: bool) -> str:
    r"""The beginning of the group and what text is set with.

    Args:
        sizes: of type, in points.
        codes: whether `\ogivecode` is needed.
    """
    lines = [
        _MACROS.strip(),
        *map(_size, sorted(set(sizes))),
        _TEXT.strip(),
        *([_CODE.strip()] if codes else []),
    ]
    return "\n".join(lines) + "\n"


def _size(size: float) -> str:
    """A macro for type of a size: the next one that every font has, and shrunk or enlarged from there."""
    near = min(_STANDARD, key=lambda s: max(s / size, size / s))
    text = rf"{{\fontsize{{{near:g}}}{{{near:g}}}\selectfont#1}}"
    if abs(near - size) > 0.005:
        text = rf"\scalebox{{{size / near:.4f}}}{text}"
    return rf"\expandafter\def\csname ogive size {size:g}\endcsname#1{{{text}}}%"
