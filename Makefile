# Every target stands alone: the first to run makes .venv and installs what constraints.txt pins.

PYTHON ?= python3
JOBS   ?= 2
BIN    := .venv/bin
STAMP  := .venv/.installed

# several processes at once, one thread each; a training chooses for itself
test test-all fuzz golden: export OMP_NUM_THREADS ?= 1

.PHONY: demo test test-all fuzz lint format tables editors zoo docs golden clean FORCE

demo: $(STAMP)
	@rm -rf build/demo
	$(BIN)/ogive train lenet5 --data digits --seed 0 --out build/demo
	$(BIN)/ogive draw lenet5 -o build/demo/lenet5.svg
	@echo "drawing:  build/demo/lenet5.svg"
	@echo "the run:  build/demo (numbers, curves, weights)"

test: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS)

test-all: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS) --slow

# mutated programs, random bytes, generated programs; what fails is kept in build/fuzz
SECONDS ?= 60
fuzz: $(STAMP)
	PYTHONPATH=compiler $(BIN)/python -m tests.fuzz --seconds $(SECONDS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/ogive fmt --check archs docs

format: $(STAMP)
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# the parse tables, written again from grammar/arch.lark
tables: $(STAMP)
	$(BIN)/python -m ogive.syntax.build_tables

# the grammars for editors, Pygments' siblings, written again from what the compiler knows
editors: $(STAMP)
	$(BIN)/python -m ogive.editors.build

# the index behind `ogive list`, and docs/zoo.md, worked out again from archs/
zoo: $(STAMP)
	$(BIN)/python -m ogive.zoo.build

# README and docs as HTML
docs: $(STAMP)
	$(BIN)/python docs/build_html.py
	@echo "pages:  build/docs/index.html"

# expected outputs, written again; read the difference before committing it
golden: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS) --slow --update-golden

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	find compiler tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so that an environment broken off half-way is completed; one whose python no
# longer starts is made anew.
ifneq ($(shell $(BIN)/python -c "print('ok')" 2>/dev/null),ok)
$(STAMP): FORCE
endif

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "ogive needs Python 3.11 or newer; say which: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
