# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Part of the Makefile.

.PHONY: counts
# System calls of each call of the API, the C library's and this one's, as a table.
# Renews docs/PERFORMANCE.md.
counts: stage
	@c-tests/harness/counts | tee $(build)/counts.md
	@bench/document counts <$(build)/counts.md

.PHONY: bench
# Measures the C library and this one side by side, about a minute. Renews docs/bench and
# docs/PERFORMANCE.md.
bench: stage
	@bench/run

# The user engine against OpenSSL's libcrypto, as a table of ratios; for some rows and fewer
# samples: BENCH='--quick gcm'; another libcrypto than libcrypto.so.3: LIBCRYPTO=FILE, and what starts a
# program where that needs another libc: RUNNER='DIR/ld-linux-x86-64.so.2 --library-path DIR'.
.PHONY: bench-user
bench-user: stage
	$(CARGO) build --locked --release --manifest-path bench/user-engine/Cargo.toml \
		--target-dir $(target)/bench
	LIBKCAPI='$(shared)' $(if $(LIBCRYPTO),LIBCRYPTO='$(LIBCRYPTO)') $(RUNNER) \
		$(target)/bench/release/user-engine-bench --bench $(BENCH)

# The same in instructions, for another architecture, under qemu-user: ARCH=arm64 is Debian's name of it. ROOT=DIR has its
# packages libssl3t64 and libc6, unpacked (dpkg -x); BENCH=gcm names rows; QEMU_CPU=cortex-a53 another processor than max.
.PHONY: counts-user
counts-user:
	@BUILD=$(BUILD) ROOT='$(ROOT)' BENCH='$(BENCH)' c-tests/harness/check-arch $(ARCH) counts

# kcapi_process() against a loop of calls for single messages, and against OpenSSL's: on the user engine, then
# on a kernel with AF_ALG. BENCH='gcm(aes)' names algorithms.
.PHONY: bench-requests
bench-requests: stage
	@mkdir -p $(build)/bench
	$(CC) -std=gnu11 -O2 -Wall -Wextra -o $(build)/bench/requests bench/requests/requests.c \
		-I$(build)/stage/usr/include -L$(build)/stage/usr/lib -lkcapi -ldl
	LD_LIBRARY_PATH=$(build)/stage/usr/lib KCAPI_ENGINE=user $(build)/bench/requests $(foreach name,$(BENCH),'$(name)')
	LD_LIBRARY_PATH=$(build)/stage/usr/lib KCAPI_ENGINE=kernel c-tests/harness/with-kernel \
		$(build)/bench/requests $(foreach name,$(BENCH),'$(name)')
