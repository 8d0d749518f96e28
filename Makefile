# PriorBench: everything runs from this folder, in an environment of its own (.venv).

PYTHON ?= python3
# every core up to eight: each job is a process of its own, with memory of its own
CORES ?= $(shell n=$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN); echo $$((n < 8 ? n : 8)))
CONFIG ?= config/demo.yaml
UV ?= uv
experiment = $(shell sed -n 's/^experiment: *//p' $(CONFIG))
tracked = results/reference/$(experiment)
# under another name: a line with $$(MAKE) in it would run, and record, even with -n
recorded = $(MAKE)
# image sets whose pictures may be shown to everybody; of others only numbers are tracked
FREE = photos digits

# the workflow's rules call `python`
export PATH := $(CURDIR)/.venv/bin:$(PATH)
python := .venv/bin/python
config_is_right = test -e $(CONFIG) || { \
	echo "CONFIG=$(CONFIG): no such file; try: $$(ls config/*.yaml | tr '\n' ' ')"; exit 1; }; \
	$(python) -m priorbench.config $(CONFIG)
# which job runs and how many are done; without the scheduler's talk between them
run = bash -o pipefail -c '$(python) -m snakemake $(1) --cores $(CORES) --configfile $(CONFIG) 2>&1 | \
	(trap "" INT; grep --line-buffered -Ev \
	"^($$|\[|Using|Assuming|Building|Provided|Rules claim|Select|Execute|Finished)")'
solve = $(UV) pip compile --universal --python-version 3.11 --no-emit-index-url --quiet \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo test check figures tables report pages reference lcm_metric lock clean

help:  ## list the targets
	@awk -F ' *## ' '/^[a-z_ ]+:.*## / {sub(/:.*/, "", $$1); printf "make %-22s %s\n", $$1, $$2}' Makefile

demo: .venv/requirements.lock  ## install, run the demo, print its table and where the files lie
	@$(config_is_right)
	@test $(CONFIG) != config/demo.yaml || test -e results/demo/report.html || { sed -n \
	's/.*"minutes": \([0-9]*\).*/The reference run took \1 minutes on two cores./p' \
	results/reference/demo/run.json; echo "Stopped at any time, it goes on from there."; }
	@$(python) -m priorbench weights fetch --if-possible
	@$(call run)
	@$(python) -m workflow.scripts.summary --configfile $(CONFIG)

test: check  ## linters, type checker and tests; no network but for installing
	$(python) -m pytest

check: .venv/requirements-dev.lock  ## linters and type checker
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	$(python) -m snakefmt --check Snakefile workflow
	$(python) -m snakemake --lint --configfile config/demo.yaml

figures tables report: .venv/requirements.lock  ## make these of CONFIG=config/demo.yaml
	@$(config_is_right)
	@$(call run,$@)

pages: .venv/requirements.lock  ## write the tracked reference runs into the pages
	$(python) -m workflow.scripts.pages

# the demo begins from nothing, so that its time is that of a new user
reference: .venv/requirements.lock  ## run CONFIG, recorded, and track what the pages show
	$(if $(filter demo,$(experiment)),$(MAKE) clean STORE=1)
	$(python) -m benchmarks.record --out results/$(experiment)/run.json -- $(recorded) demo \
		$(if $(filter-out demo,$(experiment)),CONFIG=$(CONFIG))
	rm -rf $(tracked)
	mkdir -p $(tracked)/tables $(tracked)/figures
	cp results/$(experiment)/run.json $(tracked)
	cp results/$(experiment)/tables/*.md results/$(experiment)/tables/*.csv $(tracked)/tables
	$(python) -m workflow.scripts.keep --configfile $(CONFIG) --out $(tracked) --free $(FREE)
	for set in $(FREE); do for figure in results/$(experiment)/figures/*-$$set.png; do \
		test ! -e $$figure || cp $$figure $(tracked)/figures || exit 1; done; done
	$(python) -m workflow.scripts.pages

# its images are folders of one's own: numbers, figures and the cards' checksums are tracked
lcm_metric: CONFIG = config/studies/lcm_metric.yaml
lcm_metric: .venv/requirements.lock  ## measure LCM's control lines, recorded, and track them
	mkdir -p $(tracked)
	$(python) -m benchmarks.record --out $(tracked)/run.json \
		--of $(CONFIG) 'results/$(experiment)/lcm_metric/*.json' -- \
		$(python) -m snakemake lcm_metric --cores $(CORES) --configfile $(CONFIG)
	for kind in csv md png; do \
		cp results/$(experiment)/lcm_metric/*.$$kind $(tracked) || exit 1; done

lock:  ## solve requirements.in and requirements-dev.in anew, with uv
	$(solve) requirements.in -o requirements.lock
	$(solve) requirements-dev.in -o requirements-dev.lock

clean:  ## remove scores, tables, figures and reports; with STORE=1 also trained and restored
	find results -mindepth 1 -maxdepth 1 -type d ! -name store ! -name reference -exec rm -rf {} +
	test -z "$(STORE)" || rm -rf results/store

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	"PriorBench needs Python 3.11 or newer; name one: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# the copy in .venv says which lock is installed, whatever the dates of a checkout
.venv/%.lock: %.lock | .venv/pyvenv.cfg
	@cmp -s $< $@ || { \
	echo "Installing $< into .venv; the first time: minutes, and gigabytes on Linux"; \
	$(python) -m pip --disable-pip-version-check install -r $<; }
	@$(python) -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation \
	--editable .
	@cp $< $@
