"""`python -m ogive`: the program `ogive`, as launchers such as torchrun start it."""

from ogive.cli import run

if __name__ == "__main__":
    run()
