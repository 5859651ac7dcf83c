# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# libkcapi.so, libkcapi.a, kcapi.h, libkcapi.pc, kcapi-info, the manual: build, install, check.
#
# Cargo makes one static library for each of the two: rustc's own way to a shared
# library cannot give symbols their versions, so the linker and a version script do.

version := 1.5.1
soname  := libkcapi.so.1

prefix       ?= /usr/local
exec_prefix  ?= $(prefix)
libdir       ?= $(exec_prefix)/lib
includedir   ?= $(prefix)/include
pkgconfigdir ?= $(libdir)/pkgconfig
bindir       ?= $(exec_prefix)/bin
mandir       ?= $(prefix)/share/man
DESTDIR      ?=

CC      ?= cc
AR      ?= ar
LD      ?= ld
NM      ?= nm
OBJCOPY ?= objcopy
STRIP   ?= strip
CARGO   ?= cargo
INSTALL ?= install
CFLAGS  ?= -O2 -g

BUILD            ?= build
CARGO_TARGET_DIR ?= target
build  := $(abspath $(BUILD))
target := $(abspath $(CARGO_TARGET_DIR))
export CC NM

shared := $(build)/libkcapi.so.$(version)
static := $(build)/libkcapi.a
header := $(build)/kcapi.h
man    := $(build)/man
html   := $(build)/html

# What KCAPI_ENGINE is where nobody sets it: kernel, user, kernel-first or user-first.
ENGINE ?= kernel-first
# user-engine: the engine in user space; legacy: its rarer algorithms. Without both: FEATURES=
FEATURES ?= user-engine legacy

# Both libraries, or one: make SHARED= for libkcapi.a only, make STATIC= for libkcapi.so only.
SHARED ?= yes
STATIC ?= yes

# Another Rust target than this machine's, with a CC and LD for it; then cargo puts its results one
# directory further down.
TARGET  ?=
release := $(if $(TARGET),$(TARGET)/)release

# The results name no folder of this machine, so that they are the same wherever they are built. Not by
# RUSTFLAGS: a packager's would be lost, who takes care of this in there.
CARGO_HOME ?= $(HOME)/.cargo
rustc := $(or $(RUSTC),rustc)
# Where the standard library's sources are, if they are, and what it calls them elsewhere.
rust_src := $(shell $(rustc) --print sysroot)/lib/rustlib/src/rust
rust_name := /rustc/$(shell $(rustc) -vV | sed -n 's/^commit-hash: //p')
remap := --config 'build.rustflags = [ \
	"--remap-path-prefix=$(CARGO_HOME)=/cargo", "--remap-path-prefix=$(CURDIR)=/kcapi", \
	"--remap-path-prefix=$(rust_src)=$(rust_name)"]'

# Everything that cargo's result depends on.
sources := $(shell find src -name '*.rs') Cargo.toml Cargo.lock build.rs cbindgen.toml \
	Makefile $(build)/options

# $(call rust,DIRECTORY,FEATURES): a static library of all Rust code.
rust = KCAPI_HEADER=$(header) KCAPI_DEFAULT_ENGINE=$(ENGINE) $(CARGO) rustc --locked --release \
	--lib --crate-type staticlib --target-dir $(target)/$1 $(if $(TARGET),--target $(TARGET)) \
	--no-default-features --features '$(FEATURES) $2' $(remap)

.PHONY: all
all: $(if $(SHARED),$(shared)) $(if $(STATIC),$(static)) $(build)/libkcapi.pc $(build)/kcapi-info man

$(build):
	mkdir -p $@

# Changes when the options do.
$(build)/options: FORCE | $(build)
	@echo '$(ENGINE) $(FEATURES)' | cmp -s - $@ || echo '$(ENGINE) $(FEATURES)' >$@

$(target)/shared/$(release)/libkcapi.a: $(sources) | $(build)
	$(call rust,shared,symbol-versions)
	@touch $@

$(target)/static/$(release)/libkcapi.a: $(sources) | $(build)
	$(call rust,static)
	@touch $@

$(build)/libkcapi.map: abi/symbols abi/version-script.awk | $(build)
	awk -f abi/version-script.awk $< >$@

# Not unloaded by dlclose(3) (nodelete): what is kept for the life of the process, the kernel's
# algorithms' properties, would be lost and made anew each time that a plugin comes and goes.
$(shared): $(target)/shared/$(release)/libkcapi.a $(build)/libkcapi.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -static-libgcc -o $@ \
		-Wl,-soname,$(soname) -Wl,--version-script,$(build)/libkcapi.map \
		-Wl,--whole-archive $< -Wl,--no-whole-archive \
		-Wl,--gc-sections -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,nodelete -Wl,--as-needed \
		-Wl,--strip-debug $(LDLIBS)
	ln -sf $(notdir $@) $(build)/$(soname)
	ln -sf $(soname) $(build)/libkcapi.so

# One object with the C API and what it needs; all other names, Rust's own, become
# local, so that a program may contain a second Rust library.
$(static): $(target)/static/$(release)/libkcapi.a abi/symbols
	awk '$$1 ~ /^kcapi_/ { print $$1 }' abi/symbols >$(build)/public
	sed 's/^/-u /' $(build)/public >$(build)/roots
	$(LD) -r --gc-sections --strip-debug @$(build)/roots -o $(build)/kcapi.o --whole-archive $<
	$(OBJCOPY) --keep-global-symbols=$(build)/public --strip-unneeded \
		--remove-section=.llvmbc --remove-section=.llvmcmd $(build)/kcapi.o
	rm -f $@
	$(AR) rcsD $@ $(build)/kcapi.o

# Without DESTDIR: the file tells where things are when they are in use.
$(build)/libkcapi.pc: pkgconfig/libkcapi.pc.in FORCE | $(build)
	@sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(version)|' $< >$@

$(build)/kcapi-info: $(wildcard tools/*.[ch]) include/kcapi.h $(if $(SHARED),$(shared),$(static)) $(build)/options
	$(CC) $(CFLAGS) -Wall -Wextra -DDEFAULT_ENGINE='"$(ENGINE)"' -Iinclude -o $@ \
		$(filter %.c,$^) $(LDFLAGS) $(if $(SHARED),-L$(build) -lkcapi,$(static)) $(LDLIBS)

# The manual, of the header's comments and docs/man, by awk alone.
.PHONY: man html
man: $(man)/made
$(man)/made: include/kcapi.h $(wildcard docs/man/*) $(wildcard examples/*.c)
	rm -rf '$(man)'
	mkdir -p '$(man)/man1' '$(man)/man3' '$(man)/man7'
	awk -v version=$(version) -v out='$(man)' -f docs/man/man.awk -f docs/man/text.awk \
		include/kcapi.h docs/man/pages $(wildcard docs/man/*.[137])
	touch $@

# The same for a browser; takes mandoc.
html: man
	rm -rf '$(html)' && mkdir -p '$(html)'
	cd '$(man)' && for page in man?/*; do \
		mandoc -Thtml -O man=%N.%S.html $$page >'$(html)'/$${page##*/}.html || exit; done
	cp '$(html)/libkcapi.3.html' '$(html)/index.html'

.PHONY: install install-strip uninstall
install: all
	$(INSTALL) -d '$(DESTDIR)$(libdir)' '$(DESTDIR)$(includedir)' '$(DESTDIR)$(pkgconfigdir)'
ifneq ($(SHARED),)
	$(INSTALL) $(install_strip) -m 755 $(shared) '$(DESTDIR)$(libdir)/libkcapi.so.$(version)'
	ln -sf libkcapi.so.$(version) '$(DESTDIR)$(libdir)/$(soname)'
	ln -sf $(soname) '$(DESTDIR)$(libdir)/libkcapi.so'
endif
ifneq ($(STATIC),)
	$(INSTALL) -m 644 $(static) '$(DESTDIR)$(libdir)/libkcapi.a'
endif
	$(INSTALL) -m 644 include/kcapi.h '$(DESTDIR)$(includedir)/kcapi.h'
	$(INSTALL) -m 644 $(build)/libkcapi.pc '$(DESTDIR)$(pkgconfigdir)/libkcapi.pc'
	$(INSTALL) -d '$(DESTDIR)$(bindir)'
	$(INSTALL) $(install_strip) -m 755 $(build)/kcapi-info '$(DESTDIR)$(bindir)/kcapi-info'
	for section in man1 man3 man7; do \
		$(INSTALL) -d '$(DESTDIR)$(mandir)'/$$section && \
		$(INSTALL) -m 644 '$(man)'/$$section/* '$(DESTDIR)$(mandir)'/$$section || exit; done

install-strip:
	@$(MAKE) --no-print-directory install install_strip='-s --strip-program=$(STRIP)'

uninstall: man
	rm -f '$(DESTDIR)$(libdir)/libkcapi.so.$(version)' '$(DESTDIR)$(libdir)/$(soname)' \
		'$(DESTDIR)$(libdir)/libkcapi.so' '$(DESTDIR)$(libdir)/libkcapi.a' \
		'$(DESTDIR)$(includedir)/kcapi.h' '$(DESTDIR)$(pkgconfigdir)/libkcapi.pc' \
		'$(DESTDIR)$(bindir)/kcapi-info'
	cd '$(man)' && for page in man?/*; do rm -f '$(DESTDIR)$(mandir)'/$$page; done

# The install that tests and demo are compiled against, as a user's programs would be.
.PHONY: stage
stage:
	@$(MAKE) --no-print-directory install DESTDIR=$(build)/stage prefix=/usr libdir=/usr/lib \
		includedir=/usr/include pkgconfigdir=/usr/lib/pkgconfig bindir=/usr/bin \
		mandir=/usr/share/man >/dev/null

.PHONY: header check-header check-symbols
# Takes over what cbindgen makes of the sources.
header: $(target)/static/$(release)/libkcapi.a
	cp $(header) include/kcapi.h

check-header: $(target)/static/$(release)/libkcapi.a
	diff -u include/kcapi.h $(header) || { echo "include/kcapi.h is out of date: make header" >&2; exit 1; }

check-symbols: $(shared)
	abi/check $(shared)

.PHONY: check check-host check-c check-valgrind check-32 check-aarch64 check-musl demo
# All checks, with a count at the end.
check:
	@BUILD=$(BUILD) c-tests/check

# What takes too long for that.
.PHONY: check-long
check-long: stage
	@c-tests/check-long

# What a packager's build runs: no network, no kernel with AF_ALG.
check-host:
	@BUILD=$(BUILD) c-tests/check host

# The C tests alone, on a kernel with AF_ALG; TESTS names some.
check-c: stage
	@c-tests/run $(TESTS)

check-valgrind: stage
	@c-tests/run --valgrind $(TESTS)

# On the engine in user space, with Rust's nightly compiler.
.PHONY: check-asan check-tsan check-long
check-asan:
	@c-tests/sanitize address $(TESTS)

check-tsan:
	@c-tests/sanitize thread $(TESTS)

# What takes hours.
check-long:
	@c-tests/check-long

# What needs no kernel, for 32-bit x86: takes a Rust std for it and libc6-dev-i386. Of the kernel's
# headers those of 64 bits serve, which gcc -m32 does not look for by itself.
i686 := TARGET=i686-unknown-linux-gnu CC='gcc -m32 -idirafter /usr/include/x86_64-linux-gnu' LD='ld -m elf_i386' BUILD=$(BUILD)/i686
check-32:
	$(CARGO) test --locked --quiet --target i686-unknown-linux-gnu
	@$(MAKE) --no-print-directory $(i686) all check-symbols
	@$(i686) prove --exec bash c-tests/host-install.sh

# The C tests on the engine in user space, for 64-bit ARM under qemu-user: takes a Rust std for it,
# gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user.
arm := aarch64-linux-gnu
aarch64 := TARGET=aarch64-unknown-linux-gnu BUILD=$(BUILD)/aarch64 CC=$(arm)-gcc LD=$(arm)-ld \
	AR=$(arm)-ar NM=$(arm)-nm OBJCOPY=$(arm)-objcopy STRIP=$(arm)-strip
check-aarch64:
	@$(MAKE) --no-print-directory $(aarch64) all check-symbols stage
	@KCAPI_BUILD=$(build)/aarch64 KCAPI_OFFLINE=1 CC=$(arm)-gcc \
		KCAPI_RUNNER='qemu-aarch64 -L /usr/$(arm)' c-tests/run --user

# The same for x86-64 with musl, on this machine: takes a Rust std for it and musl-tools. musl-gcc
# borrows a libgcc that needs glibc, so the unwinder that comes with the std takes its place.
# The kernel's headers are the system's.
musl := x86_64-unknown-linux-musl
check-musl: export CC = musl-gcc -idirafter /usr/include -idirafter /usr/include/$(shell uname -m)-linux-gnu
check-musl:
	@$(MAKE) --no-print-directory TARGET=$(musl) BUILD=$(BUILD)/musl CC='$(CC)' \
		LDLIBS="$$(rustc --print target-libdir --target $(musl))/self-contained/libunwind.a" \
		all check-symbols stage
	@KCAPI_BUILD=$(build)/musl KCAPI_OFFLINE=1 c-tests/run --user

.PHONY: counts
# System calls of each call of the API, the C library's and this one's, as a table.
# Renews docs/PERFORMANCE.md.
counts: stage
	@c-tests/counts | tee $(build)/counts.md
	@bench/document counts <$(build)/counts.md

.PHONY: bench
# Measures the C library and this one side by side, about two minutes. Renews docs/bench and
# docs/PERFORMANCE.md.
bench: stage
	@bench/run

# Makes every system call of the library fail, in every way, on both engines: a line for each in
# build/faults.txt, and one for each errno of each call in build/faults-summary.txt.
.PHONY: faults
faults: stage
	@rm -f $(build)/faults.txt
	@KCAPI_FAULTS=$(build)/faults.txt KCAPI_TEST_TIMEOUT=1200 c-tests/run test-faults
	@KCAPI_FAULTS=$(build)/faults.txt KCAPI_TEST_TIMEOUT=1200 c-tests/run --user test-faults
	@awk -f c-tests/faults-summary.awk $(build)/faults.txt >$(build)/faults-summary.txt
	@grep '^#' $(build)/faults.txt

# Encrypts a file of 64 MiB as parallel streams, decrypts it by another path, compares. KERNEL=1: not on
# the engine in user space, but on a kernel with AF_ALG, User-Mode Linux if need be.
demo: stage
	@KERNEL=$(KERNEL) c-tests/demo

# The user engine against OpenSSL's libcrypto, as a table of ratios; for some rows and fewer
# samples: BENCH='--quick gcm'.
.PHONY: bench-user
bench-user:
	$(CARGO) run --locked --release --manifest-path benches/user-engine/Cargo.toml \
		--target-dir $(target)/benches -- --bench $(BENCH)

.PHONY: coverage check-coverage
# Which test calls which function; reads the programs that `make check-c` has compiled.
coverage:
	abi/coverage >$(build)/COVERAGE.md
	mv $(build)/COVERAGE.md abi/COVERAGE.md

check-coverage:
	abi/coverage | diff -u abi/COVERAGE.md - || { echo "abi/COVERAGE.md is out of date: make coverage" >&2; exit 1; }

.PHONY: dist deb rpm
# A tarball with all crates, which builds without network, and packages of it. The project's own
# releases of one version of the C library's ABI are counted behind it.
distribution := libkcapi-$(version)+rs1
dist:
	packaging/dist $(distribution) $(build)/dist

# OPTIONS are dpkg-buildpackage's (-d: cargo and rustc are not Debian's) and rpmbuild's (--nodeps).
deb: dist
	packaging/build-deb $(build)/dist/$(distribution).tar.xz $(build)/deb $(OPTIONS)

rpm: dist
	packaging/build-rpm $(build)/dist/$(distribution).tar.xz $(build)/rpm $(OPTIONS)

.PHONY: fuzz miri
# Each fuzz target for so many seconds; FUZZ names some.
FUZZ_SECONDS ?= 60
fuzz:
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run $(FUZZ)

# The Rust tests of everything that is no system call, under Miri, which sees undefined behaviour. Left
# out, because it takes hours: many vectors of algorithms that have no unsafe code of ours. Files of
# the corpus are read, so the tests are not isolated.
vectors := wycheproof skcipher::tests aead::tests every_digest rarer_digests
miri:
	RUSTUP_TOOLCHAIN=nightly MIRIFLAGS='-Zmiri-disable-isolation -Zmiri-permissive-provenance' \
		$(CARGO) miri test --locked --quiet --target-dir $(build)/miri --lib -- \
		$(addprefix --skip ,$(vectors))

# The dependencies. Tools that are missing are built, into $(build)/tools, which takes some minutes.
.PHONY: record check-record audit sbom check-offline check-reproducible
# What is known about each dependency.
record: | $(build)
	supply-chain/record >$(build)/DEPENDENCIES.md
	mv $(build)/DEPENDENCIES.md supply-chain/DEPENDENCIES.md

check-record: | $(build)
	supply-chain/record >$(build)/DEPENDENCIES.md
	diff -u supply-chain/DEPENDENCIES.md $(build)/DEPENDENCIES.md || \
		{ echo "supply-chain/DEPENDENCIES.md is out of date: make record" >&2; exit 1; }

# Licences, bans, sources; known vulnerabilities, where their database can be had.
audit:
	@supply-chain/audit

# A bill of materials of what is linked, CycloneDX.
sbom: | $(build)
	@supply-chain/sbom $(FEATURES)

# A build with no network.
check-offline:
	@supply-chain/offline

# The same libraries in another folder.
check-reproducible: all
	@supply-chain/reproducible

.PHONY: clean FORCE
clean:
	rm -rf '$(build)' '$(target)'
