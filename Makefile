# make run     everything on this machine: database, pages, background work, demo world
# make test    every check: style, types, layers, migrations, translations, tests, browser tests
# make lint    the checks without the tests
# make fmt     put the code into the project's style
# make coverage  which lines and branches the tests reach
# make bench   the load figures
# make chaos   the promises at full size, while everything is killed
# make messages  collect the texts to translate and compile the catalogue
# make clean   remove what was built here, the local database too

export UV_PYTHON_DOWNLOADS := manual
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
unexport VIRTUAL_ENV
unexport PYTHONPATH
# compiled once, or every process of every start compiles for itself
unexport PYTHONDONTWRITEBYTECODE

uv := .cache/uv/bin/uv
bin := .venv/bin
say := @printf '\n== %s\n'
templates := $(wildcard templates)

.DEFAULT_GOAL := run
.PHONY: run test lint fmt coverage bench chaos messages clean ready style types layers migrations translations pytest

run: ready
	@exec $(bin)/python manage.py up

test: lint pytest

lint: ready style types layers migrations translations

$(uv):
	@echo "Fetching uv, which installs the libraries ..."
	@python3 -m pip install --quiet --target .cache/uv uv

ready: $(uv)
	@$(uv) sync --frozen --quiet

style: ready
	$(say) "style: ruff, djlint"
	@$(bin)/ruff check
	@$(bin)/ruff format --check
	@$(if $(templates),$(bin)/djlint --quiet --lint $(templates))

types: ready
	$(say) "types: mypy"
	@$(bin)/mypy

layers: ready
	$(say) "layers: import-linter"
	@$(bin)/lint-imports --no-cache

migrations: ready
	$(say) "migrations: in step with the models, and nobody notices them"
	@$(bin)/python manage.py makemigrations --check --dry-run --verbosity 1
	@$(bin)/python -m config.migrating

translations: ready
	$(say) "translations: complete"
	@$(bin)/python -m config.messages

pytest: ready
	$(say) "tests: on real servers and in a browser"
	@$(bin)/pytest --numprocesses 2

coverage: ready
	@$(bin)/pytest --numprocesses 2 --cov --cov-report term:skip-covered

fmt: ready
	@$(bin)/ruff check --fix --exit-zero --quiet
	@$(bin)/ruff format
	@$(if $(templates),$(bin)/djlint --quiet --reformat $(templates))

bench: ready
	@$(bin)/python -m bench

chaos: ready
	@$(bin)/python -m tests.chaos

messages: ready
	@$(bin)/python manage.py makemessages --locale zh_Hans --no-location --no-wrap --ignore 'var/*' --ignore '.venv/*' --ignore '.cache/*'
	@$(bin)/python -m config.messages

clean:
	@rm -rf .venv .cache .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis htmlcov var
	@find . -name __pycache__ -prune -exec rm -rf {} +
