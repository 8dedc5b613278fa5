# The two commands of the README are `make scan MUSIC=~/Music` and `make test`;
# each makes the virtual environment .venv when it is missing.

PYTHON ?= python3
MUSIC ?=
ARGS ?=
BIN := .venv/bin
quoted = '$(subst ','\'',$(value $(1)))'
# Twice the cores: many tests wait for another process.
WORKERS := $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 1))))

.PHONY: scan bench test test-all coverage lint check wheel-check format man docs pictures soak spotify-demo clean

scan: .venv/.installed
	@folder=$(call quoted,MUSIC); case $$folder in "~"|"~/"*) folder=$$HOME$${folder#"~"};; esac; \
	$(BIN)/tagger scan $(ARGS) $${folder:+"$$folder"}

# The tests start many interpreters, and each would compile every module again.
test test-all: export PYTHONDONTWRITEBYTECODE =

# tests/conftest.py puts the longest files first, so the order of the files stays.
pytest = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: .venv/.installed-dev
	$(pytest) -m "not soak and not slow"

test-all: .venv/.installed-dev
	$(pytest) -m "not soak" --hypothesis-profile=thorough

# Two tests look at the imports and the files of a process, to which the measurement adds its own.
coverage: .venv/.installed-dev
	$(pytest) -m "not soak" --cov --cov-report=term \
		-k "not imports_no_heavy_library and not on_a_read_only_installation"

# The built wheel, without extras, in an environment of its own.
wheel-check: .venv/.installed-dev
	PYTHON=$(BIN)/python .ci/wheel

# Without atheris, the fuzzer is skipped.
soak: .venv/.installed-dev
	-$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/pytest -m soak

# Peers that are not installed are left out: `pip install librosa essentia bliss-audio`.
bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

check: lint
	$(BIN)/mypy
	MYPYPATH=tests/support $(BIN)/mypy tests/support tests/scripts tests/conftest.py beetsplug
	$(BIN)/lint-imports
	PYTHONPATH=tests/support $(BIN)/python -m prose

docs: .venv/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/mkdocs build --strict --quiet

man: .venv/.installed-dev
	PYTHONPATH=tests/support $(BIN)/python -m man > docs/tagger.1

format: .venv/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

pictures: .venv/.installed-dev
	PYTHONPATH=tests/support $(BIN)/python tests/support/pictures.py $(call quoted,GTZAN)

spotify-demo: .venv/.installed-dev
	$(BIN)/python tests/support/spotify_demo.py

clean:
	rm -rf .venv site .coverage .coverage.* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tagger needs Python 3.11 or newer: make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/pip pyproject.toml
	@echo "Setting up tagger in .venv: about a minute, once."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/tagger models fetch --if-possible
	@touch $@

.venv/.installed-dev: .venv/bin/pip pyproject.toml
	@echo "Setting up tagger with its development tools in .venv: some minutes, once."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[train,dev]'
	@touch $@ .venv/.installed
