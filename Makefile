# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# libkcapi.so, libkcapi.a, kcapi.h, libkcapi.pc, the programs, the manual: build, install, check.
#
# Cargo makes one static library for each of the two: rustc's own way to a shared
# library cannot give symbols their versions, so the linker and a version script do.

version := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
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
# user-engine: the engine in user space; legacy: its rarer algorithms; asymmetric: RSA and key
# agreement. Without all: FEATURES=
FEATURES ?= user-engine legacy asymmetric

# Both libraries, or one: make SHARED= for libkcapi.a only, make STATIC= for libkcapi.so only.
SHARED ?= yes
STATIC ?= yes

# Another Rust target than this machine's, with a CC and LD for it; then cargo puts its results one
# directory further down.
TARGET  ?=
release := $(if $(TARGET),$(TARGET)/)release

# The results name no folder of this machine, so that they are the same wherever they are built. Not by
# RUSTFLAGS, since that would replace the flags of a packager who sets them. Such flags take the place of these.
CARGO_HOME ?= $(HOME)/.cargo
rustc := $(or $(RUSTC),rustc)
# Where the standard library's sources are, if they are, and what it calls them elsewhere.
rust_src := $(shell $(rustc) --print sysroot 2>/dev/null)/lib/rustlib/src/rust
rust_name := /rustc/$(shell $(rustc) -vV 2>/dev/null | sed -n 's/^commit-hash: //p')
remap := --config 'build.rustflags = [ \
	"--remap-path-prefix=$(CARGO_HOME)=/cargo", "--remap-path-prefix=$(CURDIR)=/kcapi", \
	"--remap-path-prefix=$(rust_src)=$(rust_name)"]'

# Where kcapi-info finds its library, seen from itself. Not in /usr, where the dynamic linker looks
# anyway and distributions forbid it.
ifneq ($(and $(SHARED),$(filter-out / /usr /usr/,$(prefix))),)
to_libdir := $(filter-out /%,$(shell realpath -ms --relative-to='$(bindir)' '$(libdir)' 2>/dev/null))
endif
# Without GNU's realpath there is no way from the one to the other.
ifneq ($(to_libdir),)
runpath := -Wl,--enable-new-dtags,-rpath,'$$ORIGIN/$(to_libdir)'
endif

# Everything that cargo's result depends on.
sources := $(shell find src -name '*.rs') Cargo.toml Cargo.lock build.rs cbindgen.toml \
	Makefile $(build)/options

# $(call rust,DIRECTORY,FEATURES): a static library of all Rust code.
rust = KCAPI_HEADER=$(header) KCAPI_DEFAULT_ENGINE=$(ENGINE) $(CARGO) rustc --locked --release \
	--lib --crate-type staticlib --target-dir $(target)/$1 $(if $(TARGET),--target $(TARGET)) \
	--no-default-features --features '$(FEATURES) $2' $(remap)

.PHONY: all
all: $(if $(SHARED),$(shared)) $(if $(STATIC),$(static)) $(build)/libkcapi.pc man

$(build):
	mkdir -p $@

# They change when the options do: what the libraries are made of, and what programs link with.
$(build)/options: made_of = $(ENGINE) $(FEATURES)
$(build)/linkage: made_of = $(if $(SHARED),shared,static) $(runpath)
$(build)/options $(build)/linkage: FORCE | $(build)
	@echo '$(made_of)' | cmp -s - $@ || echo '$(made_of)' >$@

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

# What Rust's standard library needs for a backtrace: in libkcapi.a too, since not every compiler
# links libgcc. A C compiler for musl has one in LDLIBS.
unwinder = $(or $(filter %.a,$(LDLIBS)),$(wildcard $(shell $(CC) -print-file-name=libgcc_eh.a)))

# One object with the C API and what it needs; all other names, Rust's own, become
# local, so that a program may contain a second Rust library. No section stays in a group, of which a program
# has one only: on i386 that of the C library would be left out for ours, whose name nobody else sees.
$(static): $(target)/static/$(release)/libkcapi.a abi/symbols
	awk '$$1 ~ /^kcapi_/ { print $$1 }' abi/symbols >$(build)/public
	sed 's/^/-u /' $(build)/public >$(build)/roots
	$(LD) -r --gc-sections --force-group-allocation --strip-debug @$(build)/roots -o $(build)/kcapi.o \
		--whole-archive $< --no-whole-archive $(unwinder)
	$(OBJCOPY) --keep-global-symbols=$(build)/public --strip-unneeded \
		--remove-section=.llvmbc --remove-section=.llvmcmd $(build)/kcapi.o
	rm -f $@
	$(AR) rcsD $@ $(build)/kcapi.o

# Without DESTDIR: the file tells where things are when they are in use.
$(build)/libkcapi.pc: filled_in = sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
	-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(version)|' $<
$(build)/libkcapi.pc: pkgconfig/libkcapi.pc.in FORCE | $(build)
	@$(filled_in) | cmp -s - $@ || $(filled_in) >$@

# The manual, of the header's comments and docs/man, by awk alone.
.PHONY: man html
man: $(man)/made
$(man)/made: programs/rules.mk include/kcapi.h $(wildcard docs/man/*) $(wildcard examples/*.c)
	rm -rf '$(man)'
	mkdir -p '$(man)/man1' '$(man)/man3' '$(man)/man7'
	awk -v version=$(version) -v out='$(man)' -f docs/man/man.awk -f docs/man/text.awk \
		include/kcapi.h docs/man/pages $(wildcard docs/man/*.[137])
	$(man_links)
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
	$(INSTALL) $(install_strip) -m 755 $(programs_build)/kcapi-info '$(DESTDIR)$(bindir)/kcapi-info'
	for section in man1 man3 man7; do \
		$(INSTALL) -d '$(DESTDIR)$(mandir)'/$$section || exit; done
	$(INSTALL) -m 644 '$(man)'/man1/$(if $(PROGRAMS),*,kcapi-info.1) '$(DESTDIR)$(mandir)/man1'
	$(INSTALL) -m 644 '$(man)'/man3/* '$(DESTDIR)$(mandir)/man3'
	$(INSTALL) -m 644 '$(man)'/man7/* '$(DESTDIR)$(mandir)/man7'
	$(install_programs)

install-strip:
	@$(MAKE) --no-print-directory install install_strip='-s --strip-program=$(STRIP)'

uninstall: man
	rm -f '$(DESTDIR)$(libdir)/libkcapi.so.$(version)' '$(DESTDIR)$(libdir)/$(soname)' \
		'$(DESTDIR)$(libdir)/libkcapi.so' '$(DESTDIR)$(libdir)/libkcapi.a' \
		'$(DESTDIR)$(includedir)/kcapi.h' '$(DESTDIR)$(pkgconfigdir)/libkcapi.pc' \
		'$(DESTDIR)$(bindir)/kcapi-info'
	cd '$(man)' && for page in man?/*; do rm -f '$(DESTDIR)$(mandir)'/$$page; done
	$(uninstall_programs)

# The install that tests and demo are compiled against, as a user's programs would be. It stays as it is where nothing
# has changed: tests may be running on it.
.PHONY: stage
stage:
	@new=$(build)/stage.$$$$; trap "rm -rf '$$new'" EXIT; \
	$(MAKE) --no-print-directory install DESTDIR=$$new prefix=/usr libdir=/usr/lib \
		includedir=/usr/include pkgconfigdir=/usr/lib/pkgconfig bindir=/usr/bin \
		mandir=/usr/share/man >/dev/null || exit; \
	diff -rq --no-dereference $$new $(build)/stage >/dev/null 2>&1 || { \
		rm -rf $(build)/stage && mv $$new $(build)/stage; }

.PHONY: header check-header check-symbols
# Takes over what cbindgen makes of the sources.
header: $(target)/static/$(release)/libkcapi.a
	cp $(header) include/kcapi.h

check-header: $(target)/static/$(release)/libkcapi.a
	diff -u include/kcapi.h $(header) || { echo "include/kcapi.h is out of date: make header" >&2; exit 1; }

check-symbols: $(shared)
	abi/check $(shared)

.PHONY: demo
# Encrypts a file of 64 MiB as parallel streams, decrypts it by another path, compares. KERNEL=1: not on
# the engine in user space, but on a kernel with AF_ALG, User-Mode Linux if need be.
demo: stage
	@KERNEL=$(KERNEL) c-tests/harness/demo

include programs/rules.mk c-tests/rules.mk bench/rules.mk supply-chain/rules.mk packaging/rules.mk

.PHONY: clean FORCE
clean:
	rm -rf '$(build)' '$(target)'
