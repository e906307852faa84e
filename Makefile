# The commands of the project. `make demo` shows it at work, `make test` is what CI runs.

SWIFT ?= swift
SYSTEM_PACKAGES := pkg-config libsqlite3-dev libopenblas-dev libonig-dev libdnnl-dev
SOURCES := Package.swift Sources Tests Benchmarks
# Debian's OpenBLAS does not know every CPU; these kernels give a row the same bits at any position.
OPENBLAS_KERNELS := $(shell grep -qw avx512f /proc/cpuinfo && echo SkylakeX || echo Sandybridge)
PYTHON ?= python3
MERGEVOLVE = $$($(SWIFT) build -c release --show-bin-path)/mergevolve

.PHONY: demo test build test-openblas suite bench bench-merge bench-merge-files bench-merge-memory bench-evaluate \
  bench-memory format fuzz lint parity studies system-packages clean

demo: build
	@store=$$(mktemp -d)/demo.sqlite && \
	  $(MERGEVOLVE) search Searches/demo.yaml --store $$store

build: system-packages
	$(SWIFT) build -c release --product mergevolve

test: system-packages lint
	$(SWIFT) test -c release

# The same tests with OpenBLAS as the only GEMM library (package trait OneDNN off).
test-openblas: system-packages
	OPENBLAS_CORETYPE=$(OPENBLAS_KERNELS) $(SWIFT) test -c release --disable-default-traits \
	  --scratch-path .build-openblas

lint:
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	@! grep -rlE '(^|[^-[:alnum:]_])unsafe([^-[:alnum:]_]|$$)' Sources --include=*.swift | grep -v -e '^Sources/Kernels/' -e '^Sources/Patterns/' \
	  || { echo "error: 'unsafe' belongs in Sources/Kernels and Sources/Patterns only" >&2; exit 1; }

# Against the peers (Python with torch, transformers, mergekit 0.1.5 and lm_eval 0.4.13 from PyPI): not needed by
# anything else.
parity: build
	$(PYTHON) Benchmarks/parity/scores.py --mergevolve $(MERGEVOLVE) --demo Datasets/demo
	$(PYTHON) Benchmarks/parity/merges.py --mergevolve $(MERGEVOLVE) \
	  --demo Datasets/demo/models $(RECIPES)
	$(PYTHON) Benchmarks/parity/formats.py --mergevolve $(MERGEVOLVE)

# The optimizers' reference suite: conformance values, then every row beside its band, and beside
# pycma 4.5.0 and cmaes 0.13.1 if PEERS names a Python that has them (cma, cmaes, numpy).
suite: system-packages
	$(SWIFT) test -c release --filter SuiteConformance
	$(SWIFT) run -c release optimizer-suite $(if $(PEERS),--peers $(PEERS))

bench: build
	$(PYTHON) Benchmarks/peers/scoring_ratio.py --mergevolve $(MERGEVOLVE)

# Merges against memcpy and torch, in memory; needs about 1 GB.
bench-merge:
	$(SWIFT) build -c release --package-path Benchmarks
	ours=$$(mktemp) && Benchmarks/.build/release/merge-bench --json $$ours && \
	  $(PYTHON) Benchmarks/peers/merge_torch.py $$ours && rm $$ours

# Whole processes: mergekit-yaml against `mergevolve merge` on a family of 1 GB models.
bench-merge-files: build
	$(PYTHON) Benchmarks/peers/merge_files.py --mergevolve $(MERGEVOLVE)

# Memory of `mergevolve merge` on three models of 4 GB each; needs 20 GB of disk.
bench-merge-memory: build
	$(PYTHON) Benchmarks/peers/merge_files.py --mergevolve $(MERGEVOLVE) --gigabytes 4 --no-mergekit

# Random files for the readers of foreign files, SECONDS each; another SEED tries others.
SECONDS ?= 60
SEED ?= 0
fuzz: system-packages
	$(SWIFT) build -c release --product fuzz
	@for target in safetensors recipe tokenizer; do \
	  $$($(SWIFT) build -c release --show-bin-path)/fuzz $$target --seconds $(SECONDS) --seed $(SEED) \
	    || exit 1; \
	done

# Speed of scoring as ratios of one run: the GEMM library's peak, transformers, lm_eval, a torch loop, mergekit.
bench-evaluate: build
	@$(SWIFT) build -c release --package-path Benchmarks/evaluate/gemm-bench
	@family=$$(mktemp -d) && $(PYTHON) Benchmarks/evaluate/family.py $$family && \
	  $(PYTHON) Benchmarks/evaluate/ratios.py $$family --mergevolve $(MERGEVOLVE) \
	    --gemm-bench $$($(SWIFT) build -c release --package-path Benchmarks/evaluate/gemm-bench --show-bin-path)/gemm-bench; \
	  rm -r $$family
	$(PYTHON) Benchmarks/evaluate/resident.py --mergevolve $(MERGEVOLVE) --lm-eval

# A family of three 4 GB models within 2 GB of anonymous memory, with the peak measured from outside.
bench-memory: build
	@family=$$(mktemp -d) && $(PYTHON) Benchmarks/evaluate/family.py --shape 4gb --models 3 --items 4 $$family && \
	  $(PYTHON) Benchmarks/evaluate/memory.py $$family --mergevolve $(MERGEVOLVE); rm -r $$family

# What the search's claims rest on: cheap scores against what item noise allows, false and missed verdicts, racing
# at equal wall time, and the curve against mergekit-evolve's settings (SEEDS seeds; hours with 10). Python needs numpy
# and cma.
SEEDS ?= 10
studies: build
	$(SWIFT) build -c release --product study-evaluator
	@bin=$$($(SWIFT) build -c release --show-bin-path) && cd Benchmarks/studies && \
	  $(PYTHON) cheap_score.py $$bin/study-evaluator && \
	  $(PYTHON) claims.py $$bin/study-evaluator && \
	  $(PYTHON) racing.py $$bin/mergevolve $$bin/study-evaluator && \
	  $(PYTHON) arms.py $$bin/mergevolve $$bin/study-evaluator --seeds $(SEEDS)

format:
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

system-packages:
	@missing=""; for package in $(SYSTEM_PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' \
	    || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing$$missing"; \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing >/dev/null; \
	fi

clean:
	rm -rf .build .build-openblas Benchmarks/.build
