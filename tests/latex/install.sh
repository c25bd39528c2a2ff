#!/bin/sh
# What the tests of drawings and tables need of LaTeX: pdflatex, TikZ, booktabs, and pdftotext to read what came out.
# Nothing is done where they are there. Where they cannot be installed, it is said what to do, and those tests are
# skipped.
set -u

packages="texlive-latex-base texlive-latex-recommended texlive-pictures poppler-utils"

there() {
    command -v pdflatex && command -v pdftotext && kpsewhich tikz.sty && kpsewhich booktabs.sty
}

skipped() {
    echo "LaTeX: $1; the tests that need it are skipped" >&2
    echo "LaTeX: on Debian and Ubuntu: apt-get install --no-install-recommends $packages" >&2
    echo "LaTeX: elsewhere: pdflatex with TikZ and booktabs, and poppler's pdftotext and pdfinfo" >&2
    exit 0
}

there >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 || skipped "not installed, and there is no apt-get"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || skipped "not installed, and installing it needs root"
    as_root="sudo -n"
fi

echo "LaTeX: installing $packages"
quiet="env DEBIAN_FRONTEND=noninteractive apt-get -q"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 - several words each
if ! { $as_root $quiet update && $as_root $quiet install -y --no-install-recommends $packages; } >"$log" 2>&1
then
    tail -n 5 "$log" >&2
    skipped "apt-get failed"
fi
there >/dev/null 2>&1 || skipped "installed, and still not found"
