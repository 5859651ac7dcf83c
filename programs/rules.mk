# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Part of the Makefile: kcapi-hasher and its names, kcapi-enc, kcapi-dgst, kcapi-rng, kcapi-speed, kcapi,
# kcapi-info.
#
# One static library of Rust has all of them; each is linked out of it, with one of its functions as main.

libexecdir ?= $(exec_prefix)/libexec
# Names of HMAC files: SUM_PREFIX before a file's name, .SUM_SUFFIX behind it. With SUM_DIR the self-check
# and fipscheck look in SUM_DIR/hmaccalc and SUM_DIR/fipscheck.
SUM_PREFIX ?= .
SUM_SUFFIX ?= hmac
SUM_DIR    ?=

program_names := kcapi-hasher kcapi-enc kcapi-dgst kcapi-rng kcapi-speed kcapi
hasher_names := sha1sum sha224sum sha256sum sha384sum sha512sum md5sum sm3sum sha3sum fipscheck fipshmac \
	sha1hmac sha224hmac sha256hmac sha384hmac sha512hmac sm3hmac
# And they themselves, for a second build with other settings.
programs_build ?= $(build)
programs := $(program_names:%=$(programs_build)/%)

# What they are made of, where they are made: builds may share it.
programs_target ?= $(target)/programs
$(programs_target)/settings: made_of = $(SUM_PREFIX) $(SUM_SUFFIX) $(SUM_DIR) $(ENGINE)
$(programs_target)/settings: FORCE
	@mkdir -p $(programs_target) $(programs_build)
	@echo '$(made_of)' | cmp -s - $@ || echo '$(made_of)' >$@

programs_lib := $(programs_target)/$(release)/libkcapi_programs.a
$(programs_lib): $(shell find programs/src -type f) programs/Cargo.toml Cargo.toml Cargo.lock Makefile \
		programs/rules.mk $(programs_target)/settings
	KCAPI_DEFAULT_ENGINE='$(ENGINE)' KCAPI_SUM_PREFIX='$(SUM_PREFIX)' KCAPI_SUM_SUFFIX='$(SUM_SUFFIX)' \
		KCAPI_SUM_DIR='$(SUM_DIR)' \
		$(CARGO) rustc --locked --release --package kcapi-programs --lib --crate-type staticlib \
		--target-dir $(programs_target) $(if $(TARGET),--target $(TARGET)) --features runtime $(remap)
	@touch $@

$(programs) $(programs_build)/kcapi-info: $(programs_lib) $(if $(SHARED),$(shared),$(static)) $(build)/linkage
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -static-libgcc -o $@ -Wl,-u,$(subst -,_,$(@F))_main \
		-Wl,--defsym,main=$(subst -,_,$(@F))_main $< -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,--as-needed \
		-Wl,--strip-debug $(runpath) $(if $(SHARED),-L$(build) -lkcapi,$(static)) $(LDLIBS)

all: $(programs_build)/kcapi-info
# make PROGRAMS= leaves the others out.
PROGRAMS ?= yes
# Names that are in the PATH as well, and not only in libexec: those that are not coreutils'.
BIN_NAMES ?= $(filter fips% %hmac,$(hasher_names))
# make HMAC= installs no HMAC files; `make hmac` with the same variables writes them, for who strips later.
HMAC ?= yes

completionsdir ?= $(prefix)/share/bash-completion/completions
sum_dir    = $(if $(SUM_DIR),$(SUM_DIR)/hmaccalc,$(1))
to_bindir := $(or $(shell realpath -ms --relative-to='$(libexecdir)/libkcapi' '$(bindir)' 2>/dev/null),$(bindir))
completed := kcapi-hasher kcapi-enc kcapi-dgst kcapi-rng kcapi-speed kcapi-info $(filter fips% %hmac sm3%,$(hasher_names))

# A page by each name that is nobody else's.
define man_links
	for name in $(filter fips% %hmac sm3%,$(hasher_names)); do \
		echo .so man1/kcapi-hasher.1 >'$(man)'/man1/$$name.1 || exit; done
endef

ifneq ($(PROGRAMS),)
all: $(programs)

define install_programs
	for name in $(program_names); do \
		$(INSTALL) $(install_strip) -m 755 '$(programs_build)'/$$name '$(DESTDIR)$(bindir)'/$$name || exit; done
	$(INSTALL) -d '$(DESTDIR)$(libexecdir)/libkcapi' '$(DESTDIR)$(completionsdir)'
	cd '$(DESTDIR)$(libexecdir)/libkcapi' && for name in $(hasher_names); do \
		ln -sf '$(to_bindir)/kcapi-hasher' $$name || exit; done
	cd '$(DESTDIR)$(bindir)' && for name in $(BIN_NAMES); do ln -sf kcapi-hasher $$name || exit; done
	for name in $(completed); do case $$name in \
		kcapi-hasher | kcapi-enc | kcapi-info) \
			$(INSTALL) -m 644 programs/completion.bash '$(DESTDIR)$(completionsdir)'/$$name ;; \
		kcapi-*) ln -sf kcapi-enc '$(DESTDIR)$(completionsdir)'/$$name ;; \
		*) ln -sf kcapi-hasher '$(DESTDIR)$(completionsdir)'/$$name ;; esac || exit; done
	$(if $(HMAC),$(write_hmac))
endef

define uninstall_programs
	cd '$(DESTDIR)$(bindir)' && rm -f $(program_names) $(BIN_NAMES)
	[ ! -d '$(DESTDIR)$(libexecdir)/libkcapi' ] || { cd '$(DESTDIR)$(libexecdir)/libkcapi' && rm -f $(hasher_names); }
	[ ! -d '$(DESTDIR)$(completionsdir)' ] || { cd '$(DESTDIR)$(completionsdir)' && rm -f $(completed); }
	rm -f '$(DESTDIR)$(call sum_dir,$(bindir))/$(SUM_PREFIX)kcapi-hasher.$(SUM_SUFFIX)' \
		'$(DESTDIR)$(call sum_dir,$(libdir))/$(SUM_PREFIX)'libkcapi.so*.'$(SUM_SUFFIX)'
endef
endif

# What the self-check compares with: of the program and of each name of the library, as they are installed.
define write_hmac
	$(if $(SUM_DIR),$(INSTALL) -d '$(DESTDIR)$(SUM_DIR)/hmaccalc')
	for file in '$(DESTDIR)$(bindir)/kcapi-hasher' '$(DESTDIR)$(libdir)'/libkcapi.so*; do \
		case $$file in *.'$(SUM_SUFFIX)') continue ;; */kcapi-hasher) to='$(call sum_dir,$(bindir))' ;; *) to='$(call sum_dir,$(libdir))' ;; esac; \
		to='$(DESTDIR)'$$to/'$(SUM_PREFIX)'$${file##*/}.'$(SUM_SUFFIX)'; \
		[ ! -e "$$file" ] || { programs/hmac "$$file" >"$$to" && chmod 644 "$$to"; } || exit; done
endef

.PHONY: hmac
hmac:
	$(write_hmac)
