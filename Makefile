# make demo: everything from a bare clone to a delivered report in ./demo.  make test: sets itself up and runs lint and tests.
.PHONY: demo test test-office test-browser bench lint messages lock clean setup
PYTHON ?= python3
export PREFECT_HOME := $(CURDIR)/.prefect
export PIP_DISABLE_PIP_VERSION_CHECK := 1

demo: .venv/ready
	@.venv/bin/fpa demo

test: .venv/ready-dev lint
	@sh tests/install_servers.sh
	@.venv/bin/python -m pytest -n 2 --dist loadfile --ignore=tests/office --ignore=tests/browser

# Members' workbooks in a real LibreOffice: some minutes more.
test-office: .venv/ready-dev
	@sh tests/office/install.sh
	@.venv/bin/python -m pytest tests/office

# Quality page and Data Docs in a real browser, with the network off.
test-browser: .venv/ready-dev
	@sh tests/browser/install.sh
	@.venv/bin/python -m pytest tests/browser

bench: .venv/ready-dev
	@.venv/bin/python -m bench.read
	@.venv/bin/python -m bench.validation
	@.venv/bin/python -m bench.aggregation

lint: .venv/ready-dev
	@.venv/bin/ruff check flows tasks domain tests
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

# The report's sentences in templates/locale, brought up to date: then translate what it lists.
messages: .venv/ready-dev
	@.venv/bin/python -m templates.locale.messages

setup: .venv/ready

.venv/ready: requirements.txt pyproject.toml
	@sh setup.sh $(PYTHON) requirements.txt && touch $@

.venv/ready-dev: requirements-dev.txt pyproject.toml
	@sh setup.sh $(PYTHON) requirements-dev.txt && touch $@ .venv/ready

# The lock files carry hashes and name no package host.
lock: .venv/ready-dev
	.venv/bin/python -m pip install --quiet uv
	.venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate --universal --python-version 3.11 pyproject.toml --extra build --extra dev -o requirements-dev.txt
	.venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate --universal --python-version 3.11 pyproject.toml --extra build -c requirements-dev.txt -o requirements.txt

clean:
	rm -rf .venv demo .prefect
