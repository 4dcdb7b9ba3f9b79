# make demo: everything from a bare clone to a delivered report in ./demo.  make test: sets itself up and runs lint and tests.
.PHONY: demo up test test-office test-browser test-standards test-evidence test-operators test-faults bench lint messages lock clean setup
PYTHON ?= python3
export PREFECT_HOME := $(CURDIR)/.prefect
export PIP_DISABLE_PIP_VERSION_CHECK := 1

demo: .venv/ready
	@.venv/bin/fpa demo

# Prefect server, worker and all deployments on this machine, until Ctrl-C.
up: .venv/ready
	@.venv/bin/python -m deploy.up

test: .venv/ready-dev lint
	@sh tests/install_servers.sh
	@.venv/bin/python -m pytest -n 2 --dist loadfile --ignore=tests/office --ignore=tests/browser --ignore=tests/operators --ignore=tests/standards --ignore=tests/evidence --ignore=tests/faults

# Members' workbooks in a real LibreOffice: some minutes more.
test-office: .venv/ready-dev
	@sh tests/office/install.sh
	@.venv/bin/python -m pytest tests/office

# Quality page and Data Docs in a real browser, with the network off.
test-browser: .venv/ready-dev
	@sh tests/browser/install.sh
	@.venv/bin/python -m pytest tests/browser

# make up and what operators do with it: a real server, a real worker, PostgreSQL; some minutes more.
test-operators: .venv/ready-dev
	@sh tests/operators/install.sh
	@.venv/bin/python -m pytest tests/operators

# PDF/A-3a and PDF/UA-1 of whole reports, in every language by every profile: some minutes more. FPA_REAL_DATA=DIR has a store's own reports checked too.
test-standards: .venv/ready-dev
	@sh tests/install_servers.sh
	@.venv/bin/python -m pytest tests/standards

# Printed figures against the data files, whole reports against the PDF standards, altered reports, the same bytes on two machines' settings, hostile words: some minutes more.
test-evidence: .venv/ready-dev
	@sh tests/install_servers.sh
	@.venv/bin/python -m pytest -n 2 --dist loadfile tests/evidence

# The main job killed at twenty moments (FPA_KILLS=200: at two hundred) and run again, in a directory and on S3; 150 faults on the way to S3 (FPA_FAULTS=1000:
# a thousand, a quarter of an hour; -s shows which): some minutes more.
test-faults: .venv/ready-dev
	@sh tests/install_servers.sh
	@.venv/bin/python -m pytest tests/faults

bench: .venv/ready-dev
	@.venv/bin/python -m bench.read
	@.venv/bin/python -m bench.validation
	@.venv/bin/python -m bench.aggregation
	@.venv/bin/python -m bench.render
	@.venv/bin/python -m bench.server

lint: .venv/ready-dev
	@.venv/bin/ruff check flows tasks domain deploy docs bench tests
	@.venv/bin/python -m docs.generate --check
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
	.venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-strip-extras --universal --python-version 3.11 pyproject.toml --extra build --extra dev -o requirements-dev.txt
	.venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-strip-extras --universal --python-version 3.11 pyproject.toml --extra build -c requirements-dev.txt -o requirements.txt

clean:
	rm -rf .venv demo .prefect
