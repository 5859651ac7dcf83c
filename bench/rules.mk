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
