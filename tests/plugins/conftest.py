"""The program `ogive`, as in the tests of the command line."""

from cli.conftest import ogive

__all__ = ["ogive"]
