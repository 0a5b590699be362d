# Two commands are all a newcomer needs: make up, make test.
PORT ?= 8000
TALKOOT_HOME ?= .home
export PORT TALKOOT_HOME

BARS = first_start import_city register_queries tiles pages plan_poles observations_store observations_http \
    observations_mqtt observations_reads observations_scale traffic_assignment traffic_demand traffic_emissions

.PHONY: install up test test-all lint bench
install:
	@scripts/install
up: install
	@exec .venv/bin/talkoot up
test:
	@scripts/test
test-all:
	@scripts/test --all
lint:
	@scripts/install --tests
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports
bench:
	@scripts/install --tests
	@for bar in $(BARS); do echo "== $$bar"; .venv/bin/python -m benchmarks.$$bar || exit 1; done
