# `make train` and `make test` do all their own set-up, in .venv; `make help` lists the rest.
# `make test-cupy` makes an environment of its own, in .venv-cupy.

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
TRAIN_OPTIONS := $(if $(MODEL),--model "$(MODEL)") $(if $(DATA),--data "$(DATA)") \
	$(if $(BACKEND),--backend "$(BACKEND)") $(if $(EPOCHS),--epochs "$(EPOCHS)") \
	$(if $(SEED),--seed "$(SEED)") $(if $(OUT),--out "$(OUT)")
CUPY_VENV := .venv-cupy
# What does not ask for a backend is not run again. Sources of kernels are collected on the way.
CUPY_TESTS := -k "cupy or emulat" -rs
KERNEL_SOURCES := $(CUPY_VENV)/kernel-sources
TORCH_VENV := .venv-torch
TORCH := torch==2.13.0
# Everything that building the documentation writes; the build starts without it.
DOCS_BUILT := docs/_build docs/auto_tutorials docs/generated docs/sg_execution_times.rst

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help train test test-numba test-cupy test-kernels test-mutants test-torch docs lint types clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

train: $(VENV)/installed-viz  ## train a net (MODEL= DATA= BACKEND= EPOCHS= SEED= OUT= ARGS=)
	$(BIN)/minitorch-cnn train $(strip $(TRAIN_OPTIONS) $(ARGS))

test: $(VENV)/installed-test  ## run the tests (ARGS= goes to pytest)
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

test-numba: $(VENV)/installed-test $(VENV)/installed-fast  ## run the tests with Numba's kernels (ARGS=)
	MINITORCH_KERNELS=numba NUMBA_NUM_THREADS=1 $(BIN)/python -m pytest \
		-n auto --dist loadfile -k "not strict" $(ARGS)

test-cupy: $(VENV)/created  ## run the tests on CuPy, on emulated CUDA (no GPU needed; ARGS=)
	$(BIN)/python tests/cuda_emulator/build.py $(CUPY_VENV)
	$(if $(ARGS),,rm -rf $(KERNEL_SOURCES))
	CUDA_EMULATOR_KERNEL_SOURCES=$(abspath $(KERNEL_SOURCES)) $(CUPY_VENV)/python -m pytest \
		-n auto --dist loadfile --backend cupy $(or $(ARGS),$(CUPY_TESTS))

test-kernels:  ## after test-cupy: its kernels in strict modes, and compiled by NVIDIA's compiler
	$(BIN)/python tests/cuda_emulator/strict.py --environment $(CUPY_VENV) \
		$(filter --quick,$(ARGS))
	$(CUPY_VENV)/environment/bin/python tests/cuda_emulator/real_compiler.py \
		--environment $(CUPY_VENV) $(ARGS) $(KERNEL_SOURCES)

test-mutants: $(VENV)/created  ## whether the tests of kernels notice mistakes planted in them (ARGS=)
	$(BIN)/python tests/cuda_emulator/run.py --environment $(CUPY_VENV) --mode guard \
		tests/cuda_emulator/mutants.py $(ARGS)

test-torch: $(VENV)/created  ## test the example of a backend: PyTorch on the CPU (TORCH= its pin)
	test -x $(TORCH_VENV)/bin/python || $(BIN)/python -m venv $(TORCH_VENV)
	$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable . \
		"$(TORCH)" hatchling pytest pytest-timeout hypothesis array-api-strict
	$(TORCH_VENV)/bin/python -m pytest tests/test_example_backend.py $(ARGS)

docs: $(VENV)/installed-docs  ## build the documentation into docs/_build/html
	rm -rf $(DOCS_BUILT)
	$(BIN)/sphinx-build -n -W --keep-going -b html docs docs/_build/html

lint: $(VENV)/installed-dev  ## check format and style
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(VENV)/installed-dev  ## check types
	$(BIN)/mypy

clean:  ## remove .venv and all that was built; runs/ stays
	rm -rf $(VENV) $(CUPY_VENV) $(TORCH_VENV) $(DOCS_BUILT) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A command named python3.12 may exist and still not run, so each candidate is tried.
$(VENV)/created:
	@for python in $(PYTHONS); do \
		if "$$python" -c '$(USABLE)' 2>/dev/null && "$$python" -m venv $(VENV); then \
			echo "Made $(VENV) with $$("$$python" --version)"; \
			touch $@; exit 0; \
		fi; \
	done; \
	echo "Python 3.11 or newer with venv is needed, and none of these is one: $(PYTHONS)." >&2; \
	echo "Install one (on Debian also python3-venv) or name it: make PYTHON=/path/to/python" >&2; \
	exit 1

# One stamp per extra: installed once, and again when the dependencies may have changed.
$(VENV)/installed-%: pyproject.toml | $(VENV)/created
	@echo "Installing minitorch-cnn[$*] into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@
