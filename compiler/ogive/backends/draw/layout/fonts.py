"""The font of drawings, whatever the system has: a Fontconfig file that knows the packaged ones alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from ogive.resources import fonts

_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern">
    <edit name="family" mode="assign" binding="strong"><string>DejaVu Sans</string></edit>
  </match>
  <match target="font">
    <test name="slant" target="pattern" compare="not_eq"><const>roman</const></test>
    <edit name="matrix" mode="assign">
      <times><name>matrix</name><matrix><double>1</double><double>0.2</double><double>0</double><double>1</double></matrix></times>
    </edit>
    <edit name="slant" mode="assign"><const>oblique</const></edit>
  </match>
</fontconfig>
"""
"""The packaged fonts are upright; italics are the same letters, slanted."""


def environment(folder: Path) -> dict[str, str]:
    """The variables for a process that draws; `folder` is an empty one that lives as long as it does.

    They must be set before pygraphviz is imported. The fonts are copied into it, for some versions of
    Fontconfig write a `.uuid` into every folder that they read.
    """
    copies = folder / "fonts"
    copies.mkdir()
    for file in sorted(fonts().glob("*.ttf")):
        shutil.copyfile(file, copies / file.name)
    conf = folder / "fonts.conf"
    text = _CONF.format(fonts=escape(str(copies)), cache=escape(str(folder / "cache")))
    conf.write_text(text, encoding="utf-8")
    ours = {"FONTCONFIG_FILE": str(conf), "FONTCONFIG_PATH": str(folder)}
    return {**os.environ, **ours}
