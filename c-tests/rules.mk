# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Part of the Makefile.

.PHONY: check check-long check-host check-c check-drivers check-valgrind check-musl
# All checks, with a count at the end.
check:
	@BUILD=$(BUILD) c-tests/harness/check

# What takes too long for that.
check-long: stage
	@BUILD=$(BUILD) c-tests/harness/check-long

# What a packager's build runs: no network, no kernel with AF_ALG.
check-host:
	@BUILD=$(BUILD) c-tests/harness/check host

# The C tests alone, on a kernel with AF_ALG; TESTS names some.
check-c: stage
	@c-tests/harness/run $(TESTS)

# The C tests on distribution kernels under QEMU, with AES-NI and an accelerator: takes an hour. SHORT=1: the
# tests of drivers on one of them, which `make check` runs.
check-drivers: stage
	@c-tests/harness/check-drivers $(if $(SHORT),short)

check-valgrind: stage
	@c-tests/harness/run --valgrind $(TESTS)

# All of test-constant-time: every algorithm, length of key and code path. Takes half an hour where a hypervisor sees
# the trap behind each instruction (18 microseconds), less elsewhere.
# ARCH=...: of test-constant-emulated, for another architecture, under qemu-user.
.PHONY: check-constant-time
ifdef ARCH
check-constant-time:
	@BUILD=$(BUILD) c-tests/harness/check-arch $(ARCH) constant-time
else
check-constant-time: stage
	@KCAPI_CONSTANT_TIME=all KCAPI_TEST_TIMEOUT=7200 HARNESS_VERBOSE=1 c-tests/harness/run --user test-constant-time
endif

# The engine in user space as it is on lesser x86-64 processors (c-tests/harness/lesser-processor). One with VAES differs
# in the ciphers of AES alone; check-long searches for its secrets. SHORT=1: without that search, which takes longer than the
# rest; so `make check` does it.
.PHONY: check-processors
check-processors: stage
	@for level in vaes-avx2 aes-avx2 no-aes; do \
		tests='test-cipher-kat test-aead-kat test-aio-cipher test-aio-aead'; \
		[ $$level = vaes-avx2 ] || tests="$$tests $(if $(SHORT),,test-secrets) test-md-kat test-kdf test-cipher-stream \
			test-request-digests test-kpp test-akcipher"; \
		echo "== $$level"; \
		c-tests/harness/lesser-processor $$level c-tests/harness/run --user $(or $(TESTS),$$tests) || exit; \
	done

# On the engine in user space, with Rust's nightly compiler.
.PHONY: check-asan check-tsan
check-asan:
	@c-tests/harness/sanitize address $(TESTS)

check-tsan:
	@c-tests/harness/sanitize thread $(TESTS)

# The library for another architecture, its symbols, and the tests on the engine in user space, under qemu-user:
# ARCH is Debian's name of it, such as s390x. KERNEL=1: on the kernel's engine, on a kernel for it under QEMU.
# Renews its row in docs/PLATFORMS.md.
.PHONY: check-arch
check-arch:
	@BUILD=$(BUILD) c-tests/harness/check-arch $(ARCH) $(if $(KERNEL),kernel)

# The C tests on User-Mode Linux of each Debian release. SHORT=1: on the newest, those that depend on it.
.PHONY: check-kernels
check-kernels: stage
	@c-tests/harness/check-kernels $(if $(SHORT),short)

# Programs and the library, linked by every compiler and linker that is installed.
.PHONY: check-link
check-link: stage
	@BUILD=$(BUILD) prove --exec bash c-tests/host/host-link.sh

# The library with musl, and the C tests on the engine in user space: takes a Rust std for it and musl-tools. musl-gcc
# borrows a libgcc that needs glibc, so the unwinder that comes with the std takes its place.
# The kernel's headers are the system's.
musl := x86_64-unknown-linux-musl
check-musl: export CC = musl-gcc -idirafter /usr/include -idirafter /usr/include/$(shell uname -m)-linux-gnu
check-musl:
	@$(MAKE) --no-print-directory TARGET=$(musl) BUILD=$(BUILD)/musl CC='$(CC)' \
		LDLIBS="$$(rustc --print target-libdir --target $(musl))/self-contained/libunwind.a" \
		all check-symbols stage
	@KCAPI_BUILD=$(build)/musl KCAPI_OFFLINE=1 c-tests/harness/run --user

# Makes every system call of the library fail, in every way, on both engines: a line for each in
# build/faults.txt. Renews the table of docs/FAULTS.md.
.PHONY: faults
faults: stage
	@rm -f $(build)/faults.txt
	@KCAPI_FAULTS=$(build)/faults.txt KCAPI_TEST_TIMEOUT=1200 c-tests/harness/run test-faults
	@KCAPI_FAULTS=$(build)/faults.txt KCAPI_TEST_TIMEOUT=1200 c-tests/harness/run --user test-faults
	@{ sed '/^|/,$$d' docs/FAULTS.md; awk -f c-tests/faults/faults-summary.awk $(build)/faults.txt; } >$(build)/FAULTS.md
	@mv $(build)/FAULTS.md docs/FAULTS.md
	@grep '^#' $(build)/faults.txt

.PHONY: coverage check-coverage
# Which test calls which function; reads the programs that `make check-c` has compiled.
coverage:
	abi/coverage >$(build)/COVERAGE.md
	mv $(build)/COVERAGE.md abi/COVERAGE.md

check-coverage:
	abi/coverage | diff -u abi/COVERAGE.md - || { echo "abi/COVERAGE.md is out of date: make coverage" >&2; exit 1; }

.PHONY: fuzz miri
# Each fuzz target for so many seconds; FUZZ names some.
FUZZ_SECONDS ?= 60
fuzz:
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run $(FUZZ)

# The Rust tests of everything that is no system call, under Miri, which sees undefined behaviour. Left out, because it
# takes hours: many vectors of algorithms whose unsafe code of ours is assembly or instructions that Miri does not have, or
# is reached by other tests, too. Files of the corpus are read, so the tests are not isolated.
vectors := wycheproof skcipher::tests aead::tests every_digest rarer_digests mac::tests sha3::tests::it_agrees \
	sha::tests::they_agree akcipher kpp::tests montgomery
miri:
	RUSTUP_TOOLCHAIN=nightly MIRIFLAGS='-Zmiri-disable-isolation -Zmiri-permissive-provenance' \
		$(CARGO) miri test --locked --quiet --target-dir $(build)/miri --lib -- \
		$(addprefix --skip ,$(vectors))
