# Every target stands alone: the first to run makes .venv and installs what constraints.txt pins.

PYTHON ?= python3
JOBS   ?= 2
BIN    := .venv/bin
STAMP  := .venv/.installed

# several processes at once, one thread each; a training chooses for itself
test test-all fuzz golden: export OMP_NUM_THREADS ?= 1

.PHONY: demo test test-all fuzz lint format tables editors zoo docs gallery golden clean FORCE

demo: $(STAMP)
	@rm -rf build/demo
	$(BIN)/ogive train lenet5 --data digits --seed 0 --out build/demo
	$(BIN)/ogive draw lenet5 -o build/demo/lenet5.svg
	@echo "drawing:  build/demo/lenet5.svg"
	@echo "the run:  build/demo (numbers, curves, weights)"

test: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS)

# and then the slow ones, for which LaTeX is installed where that is possible
test-all: test
	@sh tests/latex/install.sh
	$(BIN)/python -m pytest -q -n $(JOBS) --slow -m slow

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

# the figures of docs/gallery.md
gallery: $(STAMP)
	$(BIN)/ogive draw vgg19 plain34 resnet34 --title VGG-19 --title '34-layer plain' --title '34-layer residual' -o docs/gallery/resnet-figure-3.svg
	$(BIN)/ogive draw googlenet --depth 2 -o docs/gallery/googlenet-figure-3.svg
	$(BIN)/ogive draw docs/gallery/dense-block.arch --style arcs -o docs/gallery/densenet-figure-1.svg
	$(BIN)/ogive draw docs/gallery/three-blocks.arch --style chain -o docs/gallery/densenet-figure-2.svg
	$(BIN)/ogive draw docs/gallery/clique-block.arch --style clique -o docs/gallery/cliquenet-figure-1.svg
	$(BIN)/ogive draw docs/gallery/three-cliques.arch --style chain -o docs/gallery/cliquenet-figure-2.svg
	$(BIN)/ogive draw unet --style tensors -o docs/gallery/unet-figure-1.svg

# docs/experiments.md: its runs, in build/experiments, which go on where they stopped, and its figures
EXPERIMENTS := rates placement relu depth clique
.PHONY: experiments $(EXPERIMENTS:%=experiment-%)
experiments: $(EXPERIMENTS:%=experiment-%)
$(EXPERIMENTS:%=experiment-%): export OMP_NUM_THREADS ?= 1
$(EXPERIMENTS:%=experiment-%): $(STAMP)

# without norms, at the highest rate, a loss may not be finite: what came out, and no reason to stop
experiment-rates:
	-$(BIN)/ogive sweep docs/experiments/rates.arch --recipe rates --seeds 3 --vary lr=0.03,0.15,0.9 --edit 'insert bn before relu' \
	  --edit 'replace relu with sigmoid' --edit 'insert bn before relu; replace relu with sigmoid' \
	  --column 'val_accuracy >= 95' --out build/experiments/rates
	$(BIN)/ogive plot build/experiments/rates/as_written-lr_0.[01]* build/experiments/rates/insert_bn_before_relu-lr_* \
	  --x step --y val_accuracy -o docs/experiments/rates.svg

experiment-placement:
	$(BIN)/ogive sweep docs/experiments/placement.arch:before docs/experiments/placement.arch:after \
	  docs/experiments/placement.arch:pre_activation docs/experiments/placement.arch:without --recipe placement --seeds 3 \
	  --vary lr=0.003,0.01,0.1 --column 'train_error <= 25' --out build/experiments/placement
	$(BIN)/ogive plot build/experiments/placement/*-lr_0.1-* build/experiments/placement/without-lr_0.003-* \
	  --x step --y train_error --y val_error -o docs/experiments/placement.svg

experiment-relu:
	$(BIN)/ogive sweep docs/experiments/relu.arch --recipe relu --seeds 3 --edit 'replace relu with tanh' --vary lr=0.01,0.03,0.1,0.3 \
	  --column 'train_error <= 25' --column 'train_error <= 5' --out build/experiments/relu
	$(BIN)/ogive plot build/experiments/relu --x step --y train_error --log-y -o docs/experiments/relu.svg

experiment-depth:
	$(BIN)/ogive sweep docs/experiments/depth.arch --recipe depth --seeds 3 --set depth=20,56 --edit 'remove residual' \
	  --column train_error --column 'train_error <= 25' --out build/experiments/depth
	$(BIN)/ogive plot build/experiments/depth --x step --y train_error --y val_error -o docs/experiments/depth.svg

experiment-clique:
	$(BIN)/ogive sweep docs/experiments/clique.arch --recipe clique --input 1x8x8 --seeds 3 --set 'stages="I+I","I+II","II+II"' \
	  --column train_error --column 'train_error <= 25' --out build/experiments/clique
	$(BIN)/ogive plot build/experiments/clique --x step --y train_error --y val_error --log-y -o docs/experiments/clique.svg

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
